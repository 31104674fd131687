using System.Collections.Concurrent;
using ConcurrentTesting.VsTest.AheadOfTime;

namespace ConcurrentTesting.VsTest;

/// <summary>Which assemblies of a run go to test hosts that the run starts itself, and which to a vstest.console.</summary>
internal sealed class DirectAssemblies(
    ConcurrentTestSettings settings, VsTestLocation location, RunSettingsDocument runSettings, ILogger log)
{
    private readonly ConcurrentDictionary<string, Lazy<string?>> _reasons = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<XUnit3Command?>> _programs = new(StringComparer.Ordinal);
    private AheadOfTimeHosts? _hosts;

    public bool IsDirect(TestAssembly assembly) =>
        _reasons.GetOrAdd(assembly.Path, _ => new Lazy<string?>(() => Tell(assembly, ReasonForConsole(assembly)))).Value is null;

    /// <summary>Its test hosts may stay warm and run one batch after another. xunit v3 starts the test's own program for each batch, and a
    /// second batch would not reach it.</summary>
    public static bool StaysWarm(TestAssembly assembly) => assembly.Framework != TestFramework.XUnit3;

    public TestHostCommand? CommandFor(TestAssembly assembly) => TestHostCommand.For(location, PathOf(assembly));

    /// <summary>Where the test hosts of an assembly find it.</summary>
    public string PathOf(TestAssembly assembly) => _hosts?.PathOf(assembly) ?? assembly.Path;

    /// <summary>Makes test hosts find their assemblies where this says.</summary>
    public void StartFrom(AheadOfTimeHosts hosts)
    {
        _hosts = hosts;
        _programs.Clear();
    }

    /// <summary>The program of an xunit v3 suite that runs without a test host; null where a test host is needed.</summary>
    public XUnit3Command? ProgramOf(TestAssembly assembly) => assembly.Framework != TestFramework.XUnit3 || !IsDirect(assembly) ? null
        : _programs.GetOrAdd(assembly.Path, _ => new Lazy<XUnit3Command?>(() => FindProgram(assembly))).Value;

    /// <summary>Makes the assembly run in test hosts from here on.</summary>
    public void GiveUpProgram(TestAssembly assembly, string reason)
    {
        _programs[assembly.Path] = new Lazy<XUnit3Command?>(() => null);
        log.LogDebug("{Assembly} runs in test hosts from now on: {Reason}", assembly.Source, reason);
    }

    /// <summary>Makes the assembly run on a vstest.console from here on.</summary>
    public void GiveUp(TestAssembly assembly, string reason)
    {
        // Several workers may meet the same fault, and one of them says so.
        var given = new Lazy<string?>(() => reason);
        if (_reasons.AddOrUpdate(assembly.Path, given, (_, known) => known.Value is null ? given : known) == given)
            log.LogWarning("{Assembly} runs on vstest.console from now on: {Reason}", assembly.Source, reason);
    }

    private XUnit3Command? FindProgram(TestAssembly assembly)
    {
        var document = runSettings.For(assembly);
        var reason = OperatingSystem.IsWindows() ? "on Windows its program has not been tried."
            : document.InProcessCollectors.Count > 0 ? "its run settings have data collectors for test hosts."
            : document.UnknownXUnitSetting is { } setting ? $"its run settings have <xUnit> <{setting}>."
            : null;
        if (reason is null && XUnit3Command.For(location, assembly with { Path = PathOf(assembly) }) is { } command)
            return command;
        reason ??= "its folder has no program of it, or no xunit.v3.core.dll.";
        log.LogDebug("{Assembly} runs in test hosts: {Reason}", assembly.Source, reason);
        return null;
    }

    private string? Tell(TestAssembly assembly, string? reason)
    {
        if (reason is not null && settings.TestHost != TestHostMode.Console)
        {
            log.Log(settings.TestHost == TestHostMode.Direct
                ? LogLevel.Warning
                : LogLevel.Debug, "{Assembly} runs on vstest.console: {Reason}", assembly.Source, reason);
        }

        return reason;
    }

    private string? ReasonForConsole(TestAssembly assembly) =>
        settings.TestHost == TestHostMode.Console ? "it was asked for."
        : settings.TestHost == TestHostMode.Auto && OperatingSystem.IsWindows() ? "it starts the test hosts on Windows."
        : assembly.Framework == TestFramework.Unknown ? "its framework is not known."
        : settings.Diagnostics ? "it writes the platform's own trace."
        : assembly.Collectors != AssemblyCollectors.None ? "it is to load data collectors."
        : runSettings.For(assembly).NeedOfConsole is { } need ? $"its run settings have {need}."
        : CommandFor(assembly) is null ? "its folder has no testhost.dll, or no .runtimeconfig.json or .deps.json of it."
        : null;
}
