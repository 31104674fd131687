using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>What a leader fills a run in the queue with, and what all machines have to share.</summary>
internal static partial class QueuedPlan
{
    public const string Discovery = "discovery";
    public const string Template = "template";

    /// <summary>The beginning of the fingerprint's names that stand for a variable each.</summary>
    public const string Variable = "--test-environment ";

    // The hash is cut so short that nobody can find a secret by it.
    private const int DigitsOfVariable = 4;

    /// <param name="fingerprint">What all machines have to share.</param>
    /// <param name="name">The run's name in the queue.</param>
    public static QueuePlan Of(
        ImmutableSortedDictionary<string, string> fingerprint, RunJournal journal, QueuedTests tests, EventLines lines, string name) => new(
            fingerprint,
            lines.Write(EventsOf(journal, tests, lines, name).ToList()),
            [.. tests.Entries.Select(entry => new QueueTest(journal.Run.Secrets.Redact(NameOf(entry)), entry.CaseCount))],
            [.. journal.Catalog!.Units.SelectMany(unit => ItemsOf(unit, journal, tests))]);

    /// <summary>A test as the queue names it.</summary>
    public static string NameOf(TestAssembly assembly, string className, string name) =>
        QueueText.Of($"{assembly.Source}/{TestNames.Full(className, name)}");

    private static string NameOf(TestEntry entry) => NameOf(entry.Assembly, entry.ClassName, entry.DisplayName);

    private static IEnumerable<RunEvent> EventsOf(RunJournal journal, QueuedTests tests, EventLines lines, string name)
    {
        var (run, catalog, plan) = (journal.Run, journal.Catalog!, journal.Plan!);
        var at = run.Recorder.Now;
        yield return new RunStarted
        {
            At = at,
            Run = name,
            Machine = Environment.MachineName,
            Seed = run.Seed,
            Settings = RecordedSettings.Of(run.Settings),
        };
        foreach (var assembly in tests.Assemblies)
            yield return lines.Explain(assembly, at);
        yield return new TestsDiscovered(catalog.CaseCount, catalog.Explicit.Sum(entry => entry.CaseCount)) { At = at };
        foreach (var unit in catalog.Units)
            yield return PlannedUnits.Of(unit, plan.Predictions, journal.Timings!, at);
        yield return new RunPlanned(catalog.CaseCount, run.Settings.Workers, plan.Expected, plan.KnownTimings) { At = at };
        foreach (var happened in Explicit(catalog))
            yield return happened;
    }

    private static IEnumerable<RunEvent> Explicit(TestCatalog catalog)
    {
        var told = new ToldEvents();
        new RunRecorder(TimeProvider.System, told, Quarantine.None).AddExplicit(catalog.Explicit);
        return told.All.Where(happened => happened is not AssemblyFound);
    }

    // An item holds whole classes, so that fixtures run once, and a single class where each class needs untouched databases.
    private static IEnumerable<QueueItem> ItemsOf(TestUnit unit, RunJournal journal, QueuedTests tests)
    {
        var isByClass = journal.Run.Settings.Reset == DatabaseReset.Class;
        return unit.Entries.GroupBy(entry => isByClass ? entry.ClassName : "", StringComparer.Ordinal).Select(entries => new QueueItem
        {
            Assembly = tests.NumberOf(unit.Assembly),
            Tests = [.. entries.Select(tests.NumberOf)],
            Cases = entries.Sum(entry => entry.CaseCount),
            Seconds = entries.Sum(entry => journal.Plan!.Predictions[entry]),
            FailedLast = entries.Any(entry => journal.Timings!.Find(entry)?.LastOutcome is { } last && last != nameof(TestOutcome.Passed)),
            Reason = BatchReasons.Plan,
            IsAlone = isByClass,
            Groups = [.. ExclusiveGroup.Of(entries).Select(group => GroupOf(group, journal.Run.Secrets)).Distinct()],
        });
    }

    // Groups that differ only in a secret become one group.
    private static string GroupOf(string group, Redactor secrets) => QueueText.Of(secrets.Redact(group).ToLowerInvariant());

    /// <param name="salt">The same for all machines and attempts of the run.</param>
    /// <param name="found">What the settings do not say.</param>
    public static async Task<ImmutableSortedDictionary<string, string>> FingerprintAsync(
        RunContext run, QueuedTests tests, string salt, IEnumerable<(string Name, object? Value)> found,
        CancellationToken cancellationToken)
    {
        var settings = run.Settings;
        (string Name, object? Value)[] shared =
        [
            .. found,
            .. VariablesOf(settings, salt),
            (Discovery, tests.Discovery),
            (Template, await TemplateAsync(settings, cancellationToken)),
            ("ConcurrentTest", typeof(QueuedPlan).Assembly.GetName().Version),
            ("platform", Platform),
            ("--test-together", string.Join(' ', settings.Together)),
            ("--test-granularity", settings.Granularity),
            ("--test-configuration", settings.Configuration),
            ("--test-framework", settings.Framework),
            ("--test-filter", settings.Filter is { } filter ? HashOf(System.Text.Encoding.UTF8.GetBytes(filter)) : null),
            ("--test-settings", HashOfFile(settings.RunSettingsFile)),
            ("--test-database", settings.Database),
            ("--test-databases", string.Join(' ', settings.Databases)),
            ("--test-isolation", settings.Isolation),
            ("--test-reset", settings.Reset),
            ("--test-database-settings", string.Join(' ', settings.DatabaseSettings)),
            ("--test-template-extensions", string.Join(' ', settings.TemplateExtensions)),
            ("--test-host", settings.TestHost),
            ("--test-ahead-of-time", settings.AheadOfTime),
            ("--test-timeout", settings.TestTimeout),
            ("--test-max-retries", settings.MaxRetries),
            ("--test-reruns", settings.Reruns),
            ("--test-flaky", settings.Flaky),
            ("--test-quarantine", HashOfFile(settings.QuarantineFile)),
            ("--test-allow-empty", settings.AllowEmpty),
            ("--test-seed", run.Seed),
        ];
        return shared.Where(one => one.Value is not null)
            .ToImmutableSortedDictionary(one => one.Name, one => FormattableString.Invariant($"{one.Value}"), StringComparer.Ordinal);
    }

    // A value may be secret, so only its hash is told. Each machine has its own files, address and ports, and each job its own credentials.
    private static IEnumerable<(string Name, object? Value)> VariablesOf(ConcurrentTestSettings settings, string salt) =>
        settings.Environment.Where(variable => !OfMachine().IsMatch(variable.Name))
            .GroupBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => (
            Variable + variable.Key,
            (object?)HashOf(System.Text.Encoding.UTF8.GetBytes(
                string.Join('\n', variable.Select(one => OfAnyMachine(one.Pattern, settings)).Prepend(salt))))[..DigitsOfVariable]));

    private static string OfAnyMachine(string pattern, ConcurrentTestSettings settings) => PlaceOnMachine().Replace(
        Regex.Replace(
            pattern.Replace(settings.RootDirectory, "", StringComparison.Ordinal),
            $@"(?<=//|@|\b(host|server|data source)\s*=\s*){Regex.Escape(Environment.MachineName)}(?![\w-])", "",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant),
        "");

    [GeneratedRegex("((token|secret|password|passwd|pwd)|(^|[_.-])(key|port))$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OfMachine();

    // It matches a port, an address, or a path from the root.
    [GeneratedRegex(
        """(?<=:\s*|port"?\s*[=:]\s*)[0-9]{2,5}\b|\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b|(?<![\w/.])([a-z]:)?[\\/](?![\\/])[^\s;,"']*""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PlaceOnMachine();

    // Only the sources of the template count: the engine's own facts and a hook's compiled code may differ from machine to machine.
    private static async Task<string?> TemplateAsync(ConcurrentTestSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Database == DatabaseEngine.None)
            return null;
        var hashes = new List<string>();
        foreach (var source in new TemplateSourceParser(settings).ParseAll())
        {
            var hooks = source.Steps.OfType<HookStep>().Select(step => step.Hook.Version);
            var plain = source with { Steps = [.. source.Steps.Where(step => step is not HookStep)] };
            hashes.Add(await TemplateFingerprint.ComputeAsync(
                plain, [source.Database, .. hooks], settings, cancellationToken, isOfPlace: false));
        }

        return string.Join(' ', hashes);
    }

    /// <summary>A matrix of systems is one run each.</summary>
    public static string Platform =>
        $"{(OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "macOS" : "Linux")} {RuntimeInformation.OSArchitecture}";

    private static string? HashOfFile(string? path) => path is not null && File.Exists(path) ? HashOf(File.ReadAllBytes(path)) : null;

    private static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content))[..16];

    private sealed class ToldEvents : IRunObserver
    {
        public List<RunEvent> All { get; } = [];

        public void Happened(RunEvent happened) => All.Add(happened);
    }
}
