namespace ConcurrentTesting.Reports.Trx;

/// <summary>The names and notations of Visual Studio's test results, as VSTest's own logger writes them
/// (<see href="https://github.com/microsoft/vstest/tree/main/src/Microsoft.TestPlatform.Extensions.TrxLogger"/>).</summary>
internal static class TrxFormat
{
    /// <summary>The format of moments, which are in UTC.</summary>
    public const string Time = "O";

    public const string Duration = "c";

    /// <summary>The outcome of a result. Errors and time-outs are written as failed, the only word for it that VSTest itself writes:
    /// readers that count rows know no other, and would take them for neither passed nor failed.</summary>
    public static string Outcome(TestOutcome outcome) => outcome switch
    {
        TestOutcome.Passed => "Passed",
        TestOutcome.Skipped => "NotExecuted",
        _ => "Failed",
    };

    public static string Of(DateTimeOffset time) => time.ToUniversalTime().ToString(Time, CultureInfo.InvariantCulture);
}
