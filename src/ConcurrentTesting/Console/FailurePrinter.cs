using System.Collections.Concurrent;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Console;

/// <summary>
/// Prints each failure once, when it is final. A run in which everything fails must stay readable: the first ones in full, more by name,
/// the rest as a count. At Information, since each Warning would become an annotation on a CI server.
/// </summary>
internal sealed class FailurePrinter(ConcurrentTestSettings settings, Redactor redactor, ILogger log)
{
    public const int MostInFull = 50;
    public const int MostByName = 200;

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string?, string?), string> _inFull = [];
    private int _count;

    public void Print(TestRecord test)
    {
        if (IsToldAlready(test))
        {
            log.LogTrace("{Failure}", new OwnWords(FailureText.Header(test, redactor)));
            return;
        }

        var number = Interlocked.Increment(ref _count);
        if (number <= MostInFull)
        {
            log.LogInformation("{Failure}", new OwnWords(InFull(test)));
        }
        else
        {
            log.Log(number <= MostInFull + MostByName
                ? LogLevel.Information
                : LogLevel.Trace, "{Failure}", new OwnWords(FailureText.Header(test, redactor)));
        }

        if (number == MostInFull)
        {
            log.LogInformation(
                "{Failures} failures were printed in full; more are listed by name. All of them: {Summary}", MostInFull,
                RunClosing.ArtifactPath(settings, ArtifactNames.Summary));
        }
    }

    // One cause often fails many tests: its message and stack are told once.
    private string InFull(TestRecord test)
    {
        var name = FailureText.Name(test, redactor);
        var first = string.IsNullOrWhiteSpace(test.Final.Message)
            ? name
            : _inFull.GetOrAdd((test.Final.Message, test.Final.StackTrace), name);
        return first == name ? FailureText.Full(test, settings, redactor) : FailureText.Again(test, first, redactor);
    }

    // What takes a worker away leaves hundreds of tests without a result: they are told once, so that they do not hide what failed by
    // itself.
    private bool IsToldAlready(TestRecord test) =>
        FailureKinds.Of(test) is FailureKind.NoResult or FailureKind.NotRun && !_told.TryAdd(test.Final.Message ?? "", true);

    /// <summary>Says how many failures were not even named.</summary>
    public void Finish()
    {
        var unnamed = Volatile.Read(ref _count) - MostInFull - MostByName;
        if (unnamed > 0)
        {
            log.LogInformation(
                "... and {Failures}: {Summary}", new OwnWords(Quantity.Of(unnamed, "more failure")),
                RunClosing.ArtifactPath(settings, ArtifactNames.Summary));
        }
    }
}
