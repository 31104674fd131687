using System.Collections.Concurrent;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>All test cases of an assembly, unfiltered.</summary>
internal sealed record DiscoveredAssembly(TestAssembly Assembly, SessionDiscovery Found);

/// <summary>Discovers assemblies through VSTest, a few at once: in a test host each, or on consoles where it takes one.</summary>
internal sealed class AssemblyDiscovery(
    ConcurrentTestSettings settings,
    RunSettingsDocument runSettings,
    VsTestLocation location,
    DirectAssemblies direct,
    int seed,
    ILogger logger,
    IRunObserver observer,
    DiscoveryProblems problems,
    Action<DiscoveredAssembly> each,
    Action<TestAssembly, KnownTests> expect,
    DiscoveryCache? cache)
{
    // A discovery keeps about one core busy.
    private const int MostSessions = 4;

    // A source of rows may wait for something that never comes, and would hold up the run for ever.
    private static readonly TimeSpan LeastBound = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<int, bool> _again = new();
    private readonly ConcurrentDictionary<string, string> _settingsWithoutSeed = new(StringComparer.Ordinal);
    private readonly DirectDiscovery _inHost = new(settings, direct, logger);

    /// <summary>The longest time that one assembly may take.</summary>
    public required TimeSpan Bound { get; init; }

    /// <inheritdoc cref="Discoverer.ToldErrors"/>
    public Action<TestAssembly, ImmutableArray<SessionMessage>>? ToldErrors { get; init; }

    /// <summary>Long enough for a large assembly on a busy machine, and for set-ups of the longest tests.</summary>
    public static TimeSpan BoundOf(ConcurrentTestSettings settings) =>
        settings.TestTimeout * 2 > LeastBound ? settings.TestTimeout * 2 : LeastBound;

    /// <param name="order">The same assemblies in the order in which they are to be discovered.</param>
    public async Task<ImmutableArray<DiscoveredAssembly>> DiscoverAsync(
        ImmutableArray<TestAssembly> assemblies, ImmutableArray<TestAssembly> order, CancellationToken cancellationToken)
    {
        // Assemblies whose tests are known already go first, so that they do not wait for the others.
        var queue = new ConcurrentQueue<int>(
            order.OrderBy(assembly => !MayKnow(assembly)).Select(assembly => assemblies.IndexOf(assembly)));
        var discovered = new DiscoveredAssembly[assemblies.Length];
        var sessions = Math.Min(assemblies.Length, Math.Clamp(Environment.ProcessorCount, 1, MostSessions));
        await Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => PullAsync(assemblies, queue, discovered, cancellationToken)));
        return [.. discovered];
    }

    private async Task PullAsync(
        ImmutableArray<TestAssembly> assemblies, ConcurrentQueue<int> queue, DiscoveredAssembly[] discovered,
        CancellationToken cancellationToken)
    {
        await using var console = new Session(
            index => VsTestSession.StartAsync(
                location, ProcessEnvironment.For(settings), DiagnosticsFile(index), logger, cancellationToken));
        while (queue.TryDequeue(out var index))
        {
            var assembly = assemblies[index];
            if (await WithinBoundAsync(assembly, index, console, cancellationToken) is not { } discovery)
                continue;
            if (discovery.IsAborted && _again.TryAdd(index, true))
            {
                logger.LogWarning("{Assembly}: the test host died while it discovered tests; it is tried once more", assembly.Source);
                queue.Enqueue(index);
                continue;
            }

            discovered[index] = new DiscoveredAssembly(assembly, discovery);
            if (Report(assembly, discovery))
                each(discovered[index]);
        }
    }

    private DiscoveryCache? CacheOf(TestAssembly assembly) => direct.IsDirect(assembly) ? cache : null;

    private bool MayKnow(TestAssembly assembly) => CacheOf(assembly)?.MayKnow(assembly, SettingsWithoutSeed(assembly)) == true;

    // Tests whose rows are literals do not depend on the seed.
    private string SettingsWithoutSeed(TestAssembly assembly) =>
        _settingsWithoutSeed.GetOrAdd(assembly.Path, _ => runSettings.ForDiscovery(0, assembly));

    private async Task<SessionDiscovery> KnownOrFoundAsync(
        TestAssembly assembly, int index, Session console, CancellationToken cancellationToken)
    {
        var kept = CacheOf(assembly);
        if (kept?.Find(assembly, SettingsWithoutSeed(assembly)) is { } known)
        {
            if (known.IsAll)
                return known.Found;
            expect(assembly, known);
            kept = null;
        }

        var before = kept?.Before(assembly);
        var settingsOfAll = runSettings.ForDiscovery(seed, assembly);
        var inHost = await _inHost.DiscoverAsync(assembly, settingsOfAll, cancellationToken);
        var found = (inHost ?? await console.DiscoverAsync(index, assembly, settingsOfAll, cancellationToken))
            .WithoutTwins(assembly.Framework);
        if (inHost is not null)
            kept?.Keep(assembly, SettingsWithoutSeed(assembly), before, found);
        return found;
    }

    // Returns null where it took too long, which is a problem of the assembly.
    private async Task<SessionDiscovery?> WithinBoundAsync(
        TestAssembly assembly, int index, Session console, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(Bound);
        try
        {
            return await KnownOrFoundAsync(assembly, index, console, bounded.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add(FormattableString.Invariant(
                $"{assembly.Source}: its tests were not discovered within {Bound.TotalSeconds:0} s: rows or a static constructor may wait for ever. A longer --test-timeout gives it twice that time."));
            return null;
        }
    }

    private string? DiagnosticsFile(int index) =>
        settings.Diagnostics
            ? Path.Combine(
                Path.GetFullPath(settings.ResultsDirectory, settings.WorkingDirectory), ArtifactNames.Diagnostics, $"discovery-{index}.log")
            : null;

    /// <returns>Whether all is well.</returns>
    private bool Report(TestAssembly assembly, SessionDiscovery discovery)
    {
        logger.LogDebug("{Assembly}: {Cases}", assembly.Source, Quantity.Of(discovery.Count, "case"));
        var complaints = discovery.Messages.Where(message => message.Level != HostMessageLevel.Information).ToList();
        if (discovery.IsAborted || discovery.Count == 0 && complaints.Any(complaint => !IsNoTestAvailable(complaint)))
        {
            problems.Add($"{assembly.Source}: its tests cannot be discovered. {Describe(complaints)}");
            return false;
        }

        complaints.ForEach(complaint => Tell(assembly, complaint));
        if (complaints.Exists(complaint => complaint.Level == HostMessageLevel.Error))
            ToldErrors?.Invoke(assembly, discovery.Messages);
        return true;
    }

    private void Tell(TestAssembly assembly, SessionMessage complaint)
    {
        logger.LogWarning("{Assembly}: {Message}", assembly.Source, complaint.Text.Trim());
        if (complaint.Level == HostMessageLevel.Error)
        {
            observer.IncidentHappened(
                new Incident(DateTimeOffset.UtcNow, IncidentKinds.Discovery, $"{assembly.Source}: {FirstLine.Marked(complaint.Text)}"));
        }
    }

    // These are VSTest's own words for an assembly with no tests in it.
    private static bool IsNoTestAvailable(SessionMessage message) =>
        message.Text.StartsWith("No test is available in", StringComparison.Ordinal);

    private static string Describe(List<SessionMessage> complaints) =>
        complaints.OrderByDescending(complaint => complaint.Level).Select(complaint => FirstLine.Marked(complaint.Text))
            .FirstOrDefault(text => text.Length > 0)
        ?? "The test host ended without a message: run with --test-diagnostics.";

    /// <summary>The console of one who discovers; started where it is first needed, and anew where it is gone.</summary>
    private sealed class Session(Func<int, Task<VsTestSession>> start) : IAsyncDisposable
    {
        private VsTestSession? _session;

        public async Task<SessionDiscovery> DiscoverAsync(
            int index, TestAssembly assembly, string runSettings, CancellationToken cancellationToken)
        {
            _session ??= await start(index);
            try
            {
                var discovery = await _session.DiscoverAsync([assembly.Path], runSettings, cancellationToken);

                // A console may still speak of a host that died, and that would be taken for a part of the next discovery.
                if (discovery.IsAborted || _session.Exited.IsCompleted)
                    await DisposeAsync();
                return discovery;
            }
            catch (OperationCanceledException)
            {
                await DisposeAsync();
                throw;
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_session is { } session)
                await session.DisposeAsync();
            _session = null;
        }
    }
}
