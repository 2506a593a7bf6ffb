namespace HybridRouter.Learning.Retraining;

/// <summary>How much judged traffic may weigh in training beside the rows of the data files, which weigh 1 each.</summary>
public sealed record TrafficCaps
{
    /// <summary>Most that one caller makes of the traffic, above 0 and at most 1; with fewer than 1 / this many callers an equal share. Does not hold for an only caller.</summary>
    public double CallerShare { get; init; } = 0.2;

    /// <summary>Most that one caller weighs beside 1 for all the rows of the data files, whatever its share of the traffic.</summary>
    public double CallerWeight { get; init; } = 0.2;

    /// <summary>What a caller may always weigh beside 1 for all those rows: it does no harm, and a share of very little would be nothing.</summary>
    public double CallerFloor { get; init; } = 0.02;

    /// <summary>Most that all the traffic weighs beside 1 for all the rows of the data files.</summary>
    public double Ratio { get; init; } = 1;
}
