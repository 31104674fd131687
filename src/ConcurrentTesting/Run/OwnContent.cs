namespace ConcurrentTesting.Run;

/// <summary>Knows an artifact of ours by its beginning: artifacts that no list names, and those that somebody's tools have worked
/// over.</summary>
internal static partial class OwnContent
{
    private const int HeadLength = 2048;

    /// <summary>Whether a file is one that runs write under such a name.</summary>
    /// <param name="name">Relative to the results directory, with slashes.</param>
    public static bool Matches(string name, string path)
    {
        if (!File.Exists(path) || File.ResolveLinkTarget(path, returnFinalTarget: false) is not null)
            return false;
        var head = Head(path);
        return name == ArtifactNames.Log && head.Length == 0 || PatternOf(name)?.IsMatch(head) == true;
    }

    /// <summary>Whether a file is a JUnit file, of whatever tool.</summary>
    public static bool IsAnyJUnit(string path) => AnyJUnit().IsMatch(Head(path));

    /// <summary>Whether a batch of tests may have to write under that name.</summary>
    public static bool IsNameOfBatch(string name) => BatchTrx().IsMatch(name) || Declaration().IsMatch(name);

    private static Regex? PatternOf(string name) => name switch
    {
        ArtifactNames.MergedTrx => MergedTrx(),
        ArtifactNames.Metrics => Metrics(),
        ArtifactNames.Timings => Timings(),
        ArtifactNames.Run or ArtifactNames.PreviousRun => Run(),
        ArtifactNames.Plan => Plan(),
        ArtifactNames.Part => Part(),
        ArtifactNames.Summary => Summary(),
        ArtifactNames.Report => Report(),
        ArtifactNames.Log => Log(),
        ArtifactNames.Journal => Journal(),
        _ when name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase) => JUnit(),
        _ => PatternOfWorkers(name),
    };

    private static Regex? PatternOfWorkers(string name) =>
        BatchTrx().IsMatch(name) ? Trx()
        : Declaration().IsMatch(name) ? Anything()
        : DiagnosticsName().IsMatch(name) ? Diagnostics()
        : null;

    private static string Head(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var head = new char[HeadLength];
        return new string(head, 0, file.ReadBlock(head));
    }

    [GeneratedRegex("<TestRun [^>]*name=\"ConcurrentTest ")]
    private static partial Regex MergedTrx();

    [GeneratedRegex("<TestRun [^>]*xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\"")]
    private static partial Regex Trx();

    [GeneratedRegex("<testsuites name=\"ConcurrentTest\"")]
    private static partial Regex JUnit();

    [GeneratedRegex("<testsuites?[ >/]")]
    private static partial Regex AnyJUnit();

    [GeneratedRegex(@"\A# HELP concurrent_test_")]
    private static partial Regex Metrics();

    [GeneratedRegex("""\A\{\s*"version":\s*\d+,\s*"tests":\s*\{""")]
    private static partial Regex Timings();

    [GeneratedRegex("""\A\{\s*"version":\s*\d+,\s*"run":\s*"[0-9a-z-]+",\s*"workers":""")]
    private static partial Regex Run();

    [GeneratedRegex("""\A\{\s*"version":\s*\d+,(\s*"id":\s*"[^"]*",)?\s*"discovery":\s*"[0-9a-f]{64}",""")]
    private static partial Regex Plan();

    [GeneratedRegex("""\A\{\s*"version":\s*\d+,\s*"shard":\s*\{""")]
    private static partial Regex Part();

    [GeneratedRegex(@"\A# \S+ \d+ passed, \d+ failed, \d+ skipped\r?\n")]
    private static partial Regex Summary();

    [GeneratedRegex(@"<title>[^<]*\d+ failed, \d+ passed</title>")]
    private static partial Regex Report();

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]{3} ")]
    private static partial Regex Log();

    [GeneratedRegex("""\A\{"event":"run-started","v":\d""")]
    private static partial Regex Journal();

    [GeneratedRegex(@"\Aworker-\d+/batch-\d{4,}\.trx\z")]
    private static partial Regex BatchTrx();

    [GeneratedRegex(@"\Aworker-\d+/(batch-\d{4,}|declared)\.infrastructure\z")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\A(worker-\d+/vstest-|diagnostics/discovery-)\d[^/]*\.log\z")]
    private static partial Regex DiagnosticsName();

    [GeneratedRegex("TpTrace ")]
    private static partial Regex Diagnostics();

    [GeneratedRegex("")]
    private static partial Regex Anything();
}
