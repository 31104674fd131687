using System.Collections.Concurrent;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Console;

/// <summary>Prints each failure once, when it is final. A run in which everything fails must stay readable: the first ones in full, more by
/// name, the rest as a count. At Information, since each Warning would become an annotation on a CI server.</summary>
internal sealed class FailurePrinter(ConcurrentTestSettings settings, Redactor redactor, ILogger log)
{
    public const int MostInFull = 50;
    public const int MostByName = 200;

    /// <summary>Failures with the same message and stack that are named after the first.</summary>
    public const int MostAlike = 4;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<(string?, string?), Told> _inFull = [];
    private int _count;
    private int _alike;

    public void Print(TestRecord test)
    {
        if (IsToldAlready(test))
        {
            log.LogTrace("{Failure}", new OwnWords(FailureText.Header(test, redactor)));
            return;
        }

        var (number, told) = Count(test);
        if (told.Alike > 0)
        {
            log.Log(told.Alike <= MostAlike ? LogLevel.Information : LogLevel.Trace, "{Failure}", new OwnWords(Again(test, told)));
            return;
        }

        log.Log(
            number <= MostInFull + MostByName ? LogLevel.Information : LogLevel.Trace, "{Failure}", new OwnWords(
                number <= MostInFull ? FailureText.Full(test, settings, redactor) : FailureText.Header(test, redactor)));
        if (number == MostInFull)
        {
            log.LogInformation(
                "{Failures} failures were printed in full; more are listed by name. All of them: {Summary}", MostInFull,
                RunClosing.ArtifactPath(settings, ArtifactNames.Summary));
        }
    }

    // One cause often fails many tests: its message and stack are told once, so that other failures have room.
    private (int Number, Told Told) Count(TestRecord test)
    {
        var name = FailureText.Name(test, redactor);
        var key = (test.Final.Message, test.Final.StackTrace);
        lock (_gate)
        {
            if (_inFull.TryGetValue(key, out var first))
            {
                first = first with { Alike = first.Alike + 1 };
                _inFull[key] = first;
                _alike += first.Alike > MostAlike ? 1 : 0;
                return (_count, first);
            }

            var told = new Told(name, 0);
            if (++_count <= MostInFull && !string.IsNullOrWhiteSpace(test.Final.Message))
                _inFull.Add(key, told);
            return (_count, told);
        }
    }

    private string Again(TestRecord test, Told told) => told.Alike <= MostAlike
        ? FailureText.Again(test, told.First, redactor)
        : FailureText.Header(test, redactor);

    // The loss of a worker leaves hundreds of tests without a result: one is told for all, so that they do not hide real failures.
    private bool IsToldAlready(TestRecord test) =>
        FailureKinds.Of(test) is FailureKind.NoResult or FailureKind.NotRun && !_told.TryAdd(test.Final.Message ?? "", true);

    /// <summary>Says how many failures were not even named.</summary>
    public void Finish()
    {
        Rest(Volatile.Read(ref _count) - MostInFull - MostByName, "");
        Rest(Volatile.Read(ref _alike), " with a message and stack that were printed");
    }

    private void Rest(int unnamed, string what)
    {
        if (unnamed > 0)
        {
            log.LogInformation(
                "... and {Failures}{What}: {Summary}", new OwnWords(Quantity.Of(unnamed, "more failure")), new OwnWords(what),
                RunClosing.ArtifactPath(settings, ArtifactNames.Summary));
        }
    }

    private readonly record struct Told(string First, int Alike);
}
