using System.Collections.Concurrent;

namespace ConcurrentTesting.VsTest.AheadOfTime;

/// <summary>Where the test hosts of a run find a test assembly: where it was built, or in a copy of its output folder in which assemblies
/// of packages that were compiled ahead stand in for the originals. What is not compiled yet is compiled in the background, for later
/// runs.</summary>
internal sealed class AheadOfTimeHosts : IAsyncDisposable
{
    // No worker has this number: all workers share the copy, as they share the folder.
    private const int Everybody = -1;

    private readonly ConcurrentDictionary<string, string> _copies = new(StringComparer.Ordinal);

    // The key is the cache's folder, which the first assembly makes for the others too.
    private readonly ConcurrentDictionary<string, Lazy<bool>> _isFirst = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly OutputCopies _output;
    private readonly ILogger _log;
    private readonly List<Task> _compiling = [];

    private AheadOfTimeHosts(string runId, ILogger log) => (_output, _log) = (new OutputCopies(runId, log), log);

    public static AheadOfTimeHosts Begin(
        IEnumerable<TestAssembly> assemblies, ConcurrentTestSettings settings, VsTestLocation location, string runId, ILogger log)
    {
        var hosts = new AheadOfTimeHosts(runId, log);
        if (settings.AheadOfTime == AheadOfTimeMode.Off || settings.ReplayFile is not null)
            return hosts;
        if (Compiler.Platform is not { } platform)
        {
            log.LogDebug("Nothing is compiled ahead: only Linux on x64 has been tried");
            return hosts;
        }

        Parallel.ForEach(assemblies, assembly => hosts.TryTake(assembly, settings, location, platform));
        return hosts;
    }

    /// <summary>The assembly's path for its test hosts.</summary>
    public string PathOf(TestAssembly assembly) => _copies.GetValueOrDefault(assembly.Path, assembly.Path);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_compiling);
        _output.Dispose();
        _ending.Dispose();
    }

    // A failure here must not end the run, because compiling ahead only makes it faster.
    private void TryTake(TestAssembly assembly, ConcurrentTestSettings settings, VsTestLocation location, string platform)
    {
        try
        {
            Take(assembly, settings, location, platform);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ConcurrentTestException)
        {
            _log.LogDebug("{Assembly} starts as it was built: {Reason}", assembly.Source, exception.Message);
        }
    }

    private void Take(TestAssembly assembly, ConcurrentTestSettings settings, VsTestLocation location, string platform)
    {
        if (settings.Coverage || assembly.Collectors != AssemblyCollectors.None)
        {
            _log.LogDebug("{Assembly} starts as it was built: collectors rewrite it", assembly.Source);
            return;
        }

        if (location.RuntimesRoot is not { } root || RuntimeOf(assembly.Path, root) is not { } runtime)
        {
            _log.LogDebug("{Assembly} starts as it was built: nothing tells the version of its runtime", assembly.Source);
            return;
        }

        if (CompiledCache.For($"{runtime}", platform) is not { } cache)
        {
            _log.LogDebug("{Assembly} starts as it was built: its user has no folder for what is compiled", assembly.Source);
            return;
        }

        Take(assembly, new Compiler(cache, runtime, location.DotNet, root, _log), settings);
    }

    private void Take(TestAssembly assembly, Compiler compiler, ConcurrentTestSettings settings)
    {
        var cache = compiler.Cache;
        var isFirst = _isFirst.GetOrAdd(cache.Folder, _ => new Lazy<bool>(() => !cache.Exists)).Value;
        if (!cache.TryOpen())
        {
            _log.LogDebug("{Assembly} starts as it was built: others may write in {Folder}", assembly.Source, cache.Folder);
            return;
        }

        var files = ThirdParty.AssembliesIn(assembly.Path).Select(file => (File: file, Hash: CompiledCache.HashOf(file)))
            .ToImmutableArray();
        ImmutableArray<string> missing =
            [.. files.Where(file => cache.Find(file.Hash) is null && !cache.IsRefused(file.Hash)).Select(file => file.File)];
        if (missing.IsEmpty)
            Replace(assembly, cache, files);
        else if (isFirst && ContinuousIntegration.IsHost(Environment.GetEnvironmentVariable))
            _log.LogDebug("{Assembly} is not compiled ahead in the first run on a CI host, which would gain nothing", assembly.Source);
        else
            Compile(compiler, missing, settings.TemporaryDirectory);
    }

    private void Replace(TestAssembly assembly, CompiledCache cache, ImmutableArray<(string File, string Hash)> files)
    {
        ImmutableArray<(string File, string Compiled)> compiled =
            [.. files.Select(file => (file.File, Compiled: cache.Find(file.Hash))).Where(file => file.Compiled is not null)
                .Select(file => (file.File, file.Compiled!))];
        if (compiled.IsEmpty)
        {
            _log.LogDebug("{Assembly} starts as it was built: there is nothing to replace", assembly.Source);
            return;
        }

        var copy = _output.PathOf(assembly.Path, Everybody);
        foreach (var (file, stand) in compiled)
            File.Copy(stand, Path.Combine(Path.GetDirectoryName(copy)!, Path.GetFileName(file)), overwrite: true);
        _copies[assembly.Path] = copy;
        _log.LogDebug("{Assembly} starts from {Copy}, with {Count} assemblies compiled ahead", assembly.Source, copy, compiled.Length);
    }

    // Assemblies are compiled one after another, so that two compilers do not take both cores from the tests.
    private void Compile(Compiler compiler, ImmutableArray<string> files, string folder)
    {
        lock (_gate)
        {
            var before = _compiling.LastOrDefault() ?? Task.CompletedTask;
            _compiling.Add(Task.Run(() => CompileAsync(before, compiler, files, folder)));
        }
    }

    private async Task CompileAsync(Task before, Compiler compiler, ImmutableArray<string> files, string folder)
    {
        await before;
        try
        {
            await compiler.CompileAsync(files, folder, _ending.Token);
        }
        catch (OperationCanceledException)
        {
            _log.LogDebug("The run ended before all assemblies were compiled ahead; the next one goes on");
        }
        catch (Exception exception)
        {
            _log.LogDebug("Nothing more is compiled ahead: {Reason}", exception.Message);
        }
    }

    // Compiled code is for one version of the runtime. Another version would compile it anew, which is right but slow.
    private static Version? RuntimeOf(string assembly, string root)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(assembly, ".runtimeconfig.json")));
            var options = document.RootElement.GetProperty("runtimeOptions");
            var framework = options.TryGetProperty("framework", out var one) ? one : options.GetProperty("frameworks")[0];
            var wanted = Version.Parse(framework.GetProperty("version").GetString()!.Split('-')[0]);
            return Directory.EnumerateDirectories(Path.Combine(root, "shared", "Microsoft.NETCore.App"))
                .Select(folder => Version.TryParse(Path.GetFileName(folder), out var version) ? version : null).OfType<Version>()
                .Where(version => version.Major == wanted.Major && version.Minor == wanted.Minor && version >= wanted).Max();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException
            or ArgumentException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
