using System.Globalization;
using ConcurrentTesting.Results;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Reporting;

/// <summary>
/// Prints each failure once, when it is final. A run in which everything fails must stay readable: the first ones in full, more by name, the rest
/// as a count. At Information, since each Warning would become an annotation on a CI server.
/// </summary>
internal sealed class FailurePrinter(ConcurrentTestSettings settings, Redactor redactor, ILogger log)
{
    public const int MostInFull = 50;
    public const int MostByName = 200;

    private int _count;

    public void Print(TestRecord test)
    {
        var number = Interlocked.Increment(ref _count);
        if (number <= MostInFull)
            log.LogInformation("{Failure}", new OwnWords(FailureText.Full(test, settings, redactor)));
        else
            log.Log(number <= MostInFull + MostByName ? LogLevel.Information : LogLevel.Trace, "{Failure}", new OwnWords(FailureText.Header(test, redactor)));
        if (number == MostInFull)
            log.LogInformation("{Failures} failures were printed in full; more are listed by name. All of them: {Summary}", MostInFull, RunClosing.ArtifactPath(settings, "summary.md"));
    }

    /// <summary>Says how many failures were not even named.</summary>
    public void Finish()
    {
        var unnamed = Volatile.Read(ref _count) - MostInFull - MostByName;
        if (unnamed > 0)
            log.LogInformation("... and {Count} more failures: {Summary}", unnamed.ToString(CultureInfo.InvariantCulture), RunClosing.ArtifactPath(settings, "summary.md"));
    }
}
