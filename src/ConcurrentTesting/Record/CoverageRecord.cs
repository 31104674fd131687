using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>What the tests of all workers covered together, as the merged Cobertura file says.</summary>
internal sealed record CoverageRecord(int LinesCovered, int LinesValid, int BranchesCovered, int BranchesValid)
{
    /// <summary>Runs of test hosts that ended before their hits were saved: what they covered may be missing.</summary>
    public int LostBatches { get; init; }

    /// <summary>Results that these runs had given.</summary>
    public int LostResults { get; init; }

    /// <summary>The coverage in one line, with what is missing.</summary>
    [JsonIgnore]
    public string Text => $"{Share("lines", LinesCovered, LinesValid)}{Branches}{Lost}";

    private string Branches => BranchesValid == 0 ? "" : $", {Share("branches", BranchesCovered, BranchesValid)}";

    private string Lost => LostBatches == 0
        ? ""
        : $"; too low: {Quantity.Of(LostBatches, "test host")} ended before telling what {Quantity.Of(LostResults, "result")} had covered";

    private static string Share(string what, int covered, int valid) => valid == 0
        ? $"no {what} to cover"
        : string.Create(CultureInfo.InvariantCulture, $"{100.0 * covered / valid:0.0}% of {what} ({covered} of {valid})");
}
