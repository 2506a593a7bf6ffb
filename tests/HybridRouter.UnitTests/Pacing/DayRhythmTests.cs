using HybridRouter.Pacing;

namespace HybridRouter.UnitTests.Pacing;

public sealed class DayRhythmTests
{
    private static readonly DateTimeOffset Midnight = new(2030, 1, 7, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void BusySeconds_NothingLearned_IsTheTime() => Assert.Equal(3600, new DayRhythm().BusySeconds(Midnight, TimeSpan.FromHours(1)));

    [Fact]
    public void BusySeconds_OfficeHours_NightCountsLittle()
    {
        var rhythm = Learned(days: 1, hour => hour is >= 8 and < 16 ? 1 : 0);

        Assert.InRange(Hours(rhythm, 1, 8, 16), 8, 8.3);
        Assert.InRange(Hours(rhythm, 1, 15, 9), 1, 1.3);
        Assert.InRange(Hours(rhythm, 1, 15.5, 8.5), 0.5, 0.8);
        // In the night, the day to come is worth many nights.
        Assert.InRange(Hours(rhythm, 1, 2, 22), 400, 600);
        // A month: a third of each day.
        Assert.InRange(Hours(rhythm, 1, 8, 30 * 24), 230, 255);
    }

    /// <summary>In seconds as fractions, the end of an hour was missed by a tick and then never reached.</summary>
    [Theory]
    [InlineData(36_001_000_000)]
    [InlineData(42_001_000_000)]
    [InlineData(35_999_999_999)]
    [InlineData(863_999_999_999)]
    public void BusySeconds_AnyTick_ComesToAnEnd(long ticks)
    {
        var rhythm = Learned(days: 1, _ => 1);
        rhythm.Pass(Midnight.AddDays(1));

        Assert.Equal(86_399.9999999, rhythm.BusySeconds(Midnight.AddDays(1).AddTicks(ticks), TimeSpan.FromTicks(TimeSpan.TicksPerDay - 1)), 6);
    }

    [Fact]
    public void BusySeconds_ChangedHabit_IsLearnedInDays()
    {
        var rhythm = Learned(days: 1, hour => hour < 12 ? 1 : 0);
        var before = Hours(rhythm, 1, 0, 24);
        for (var hour = 24; hour < 9 * 24; hour++)
            Hour(rhythm, hour, hour % 24 >= 12 ? 1 : 0);

        Assert.InRange(before, 12, 13);
        Assert.InRange(Hours(rhythm, 9, 12, 12), 12, 12.1);
        Assert.InRange(Hours(rhythm, 9, 0, 24), 100, 300);
    }

    [Fact]
    public void Pass_HoursWithoutARequest_AreIdle()
    {
        var rhythm = new DayRhythm();
        Hour(rhythm, 0, 1);
        rhythm.Pass(Midnight.AddHours(1));
        rhythm.Pass(Midnight.AddHours(24));

        Assert.InRange(Hours(rhythm, 1, 0, 24), 1, 1.1);
    }

    [Fact]
    public void Pass_AfterALongSleep_EndsAtOnce()
    {
        var rhythm = new DayRhythm();
        Hour(rhythm, 0, 1);
        rhythm.Pass(Midnight.AddYears(50));
        rhythm.Add(3600);
        rhythm.Pass(Midnight.AddYears(50).AddHours(1));

        Assert.True(rhythm.BusySeconds(Midnight.AddYears(50).AddHours(1), TimeSpan.FromDays(1)) > 0);
    }

    [Fact]
    public void Pass_FirstHourSeenBriefly_TellsNothing()
    {
        var rhythm = new DayRhythm();
        rhythm.Pass(Midnight.AddMinutes(45));
        rhythm.Add(1e9);
        rhythm.Pass(Midnight.AddHours(1));

        Assert.Equal(86_400, rhythm.BusySeconds(Midnight.AddHours(1), TimeSpan.FromDays(1)));
    }

    private static DayRhythm Learned(int days, Func<int, double> perSecond)
    {
        var rhythm = new DayRhythm();
        for (var hour = 0; hour < days * 24; hour++)
            Hour(rhythm, hour, perSecond(hour % 24));
        return rhythm;
    }

    private static void Hour(DayRhythm rhythm, int hour, double perSecond)
    {
        rhythm.Pass(Midnight.AddHours(hour));
        rhythm.Add(perSecond * 3600);
    }

    private static double Hours(DayRhythm rhythm, int day, double from, double hours)
    {
        var now = Midnight.AddDays(day).AddHours(from);
        rhythm.Pass(Midnight.AddDays(day));
        return rhythm.BusySeconds(now, TimeSpan.FromHours(hours)) / 3600;
    }
}
