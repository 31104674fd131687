using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Execution;

namespace ConcurrentTesting.Run;

/// <summary>What decides what a run tests, and how: all machines of one run have to share it, those of a plan as those of a
/// queue.</summary>
internal static partial class SharedSettings
{
    public const string Template = "template";

    /// <summary>What the names of those begin with that are a variable's each.</summary>
    public const string Variable = "--test-environment ";

    // What the names of those begin with that are an assembly's own filter each.
    private const string FilterOf = "filter of ";

    // So few that a secret cannot be found by them.
    private const int FewDigits = 4;

    /// <summary>By the names of the parameters, without secrets.</summary>
    /// <param name="salt">The same for all machines and attempts of the run.</param>
    /// <param name="found">What the settings do not say.</param>
    public static async Task<ImmutableSortedDictionary<string, string>> OfAsync(
        RunContext run, string salt, IEnumerable<(string Name, object? Value)> found, CancellationToken cancellationToken)
    {
        var settings = run.Settings;
        (string Name, object? Value)[] shared =
        [
            .. found,
            .. VariablesOf(settings, salt),
            (Template, await TemplateAsync(settings, cancellationToken)),
            ("ConcurrentTest", typeof(SharedSettings).Assembly.GetName().Version),
            ("platform", Platform),
            ("--test-together", string.Join(' ', settings.Together)),
            ("--test-granularity", settings.Granularity),
            ("--test-configuration", settings.Configuration),
            ("--test-framework", settings.Framework),
            ("--test-filter", settings.Filter is { } filter ? HashOf(Encoding.UTF8.GetBytes(filter)) : null),
            ("--test-settings", HashOfFile(settings.RunSettingsFile)?[..FewDigits]),
            ("--test-database", settings.Database),
            ("--test-databases", string.Join(' ', settings.Databases)),
            ("--test-isolation", settings.Isolation),
            ("--test-reset", settings.Reset),
            ("--test-database-settings", string.Join(' ', settings.DatabaseSettings)),
            ("--test-template-extensions", string.Join(' ', settings.TemplateExtensions)),
            ("--test-host", settings.TestHost),
            ("--test-ahead-of-time", settings.AheadOfTime),
            ("--test-timeout", settings.TestTimeout),
            ("--test-worker-timeout", settings.WorkerTimeout),
            ("--test-max-operations", settings.MaxOperations),
            ("--test-order", settings.Order),
            ("--test-measure", settings.Measure),
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

    /// <summary>The filters that assemblies have from their projects or run settings: their tests are not all that they have.</summary>
    public static IEnumerable<(string Name, object? Value)> FiltersOf(IEnumerable<TestAssembly> assemblies) =>
        assemblies.Where(assembly => assembly.Filter is not null)
            .Select(assembly => (FilterOf + assembly.Key, (object?)HashOf(Encoding.UTF8.GetBytes(assembly.Filter!))));

    /// <summary>The name is that of one of <see cref="FiltersOf"/>.</summary>
    public static bool IsFilterOfAssembly(string name) => name.StartsWith(FilterOf, StringComparison.Ordinal);

    // A value may be secret. Each machine has its own files, address and ports, and each job its own credentials.
    private static IEnumerable<(string Name, object? Value)> VariablesOf(ConcurrentTestSettings settings, string salt) =>
        settings.Environment.Where(variable => !OfMachine().IsMatch(variable.Name))
            .GroupBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => (
            Variable + variable.Key,
            (object?)HashOf(Encoding.UTF8.GetBytes(
                string.Join('\n', variable.Select(one => OfAnyMachine(one.Pattern, settings)).Prepend(salt))))[..FewDigits]));

    private static string OfAnyMachine(string pattern, ConcurrentTestSettings settings) => PlaceOnMachine().Replace(
        Regex.Replace(
            pattern.Replace(settings.RootDirectory, "", StringComparison.Ordinal),
            $@"(?<=//|@|\b(host|server|data source)\s*=\s*){Regex.Escape(Environment.MachineName)}(?![\w-])", "",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant),
        "");

    [GeneratedRegex("((token|secret|password|passwd|pwd)|(^|[_.-])(key|port))$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OfMachine();

    // A port, an address, or a path from the root.
    [GeneratedRegex(
        """(?<=:\s*|port"?\s*[=:]\s*)[0-9]{2,5}\b|\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b|(?<![\w/.])([a-z]:)?[\\/](?![\\/])[^\s;,"']*""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PlaceOnMachine();

    // What it is made of; the engine's own facts, and a hook's compiled code, may differ from machine to machine.
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
}
