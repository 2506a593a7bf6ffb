namespace HybridRouter.Quota.Stores;

/// <summary>One moment, so that one decision sees one time.</summary>
/// <param name="Utc">For calendar windows, and for what outlives the process.</param>
/// <param name="Elapsed">Since the store began, in ticks (100 ns); monotonic, so that a clock that is set refills nothing and holds nothing back.</param>
internal readonly record struct Moment(DateTime Utc, long Elapsed);

/// <summary>Days and months of UTC.</summary>
internal static class Calendar
{
    public static DateTime Start(WindowPeriod period, DateTime utc) =>
        period == WindowPeriod.Day ? utc.Date : new DateTime(utc.Year, utc.Month, 1, 0, 0, 0, DateTimeKind.Utc);

    public static DateTime End(WindowPeriod period, DateTime start) => period == WindowPeriod.Day ? start.AddDays(1) : start.AddMonths(1);
}
