using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Hook;
using ConcurrentTesting.IntegrationTests.Databases;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>Test hosts that are started before there are databases and a batch.</summary>
public sealed class AheadHostTests(AheadHostTests.Suites suites) : IClassFixture<AheadHostTests.Suites>, IAsyncDisposable
{
    private const string FileVariable = "AHEAD_FILE";
    private const int Batch = 7;

    // Says which process loads it, as soon as that does.
    private const string Loaded =
        $$"""
        internal static class Loaded
        {
            [System.Runtime.CompilerServices.ModuleInitializer]
            internal static void Say()
            {
                if (System.Environment.GetEnvironmentVariable("{{FileVariable}}") is { } file)
                    System.IO.File.AppendAllText(file, System.Environment.ProcessId + "\n");
            }
        }

        """;

    private readonly TestRepository _repository = suites.Repository;
    private readonly TestHookServer _hook = TestHookServer.Open(Guid.NewGuid().ToString("N")[..10], measure: false, NullLogger.Instance);
    private readonly OutputCopies _copies = new("run", NullLogger.Instance);
    private readonly ConcurrentBag<string> _results = [];

    private string LoadedFile => _repository.In("loaded.txt");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _hook.DisposeAsync();
        _copies.Dispose();
    }

    [Theory]
    [InlineData("XUnit2", "public class Suite { [Xunit.Fact] public void Passes() { } }")]
    [InlineData("NUnit", "public class Suite { [NUnit.Framework.Test] public void Passes() { } }")]
    [InlineData("MSTest", "[Microsoft.VisualStudio.TestTools.UnitTesting.TestClass] public class Suite { [Microsoft.VisualStudio.TestTools.UnitTesting.TestMethod] public void Passes() { } }")]
    public async Task Runs_the_first_batch_and_no_code_of_the_users_before(string framework, string code)
    {
        var (assembly, entries, direct, context) = await BuildAsync(framework, code);
        var bound = BoundOf(assembly);
        var ahead = Begin(context, direct, bound)!;
        await StartedAsync(ahead);
        _hook.ProcessIds(HookAddress.NotYet).Length.ShouldBe(1);
        File.Exists(LoadedFile).ShouldBeFalse();

        var hosts = HostsOf(context, direct, ahead);
        var host = await hosts.ForAsync(bound, Cancellation);
        var end = await host.RunAsync(RunOf(assembly, Batch) with { Entries = entries }, new Events(_results), Cancellation);

        end.Fault.ShouldBeNull();
        end.WasWarm.ShouldBeFalse();
        _results.ShouldBe(["Passes"]);
        host.StartedBefore.ShouldBeGreaterThan(TimeSpan.Zero);
        var process = _hook.ProcessIds(Batch).Single();
        File.ReadAllText(LoadedFile).Trim().ShouldBe(process.Id.ToString(CultureInfo.InvariantCulture));
        _hook.ProcessIds(HookAddress.NotYet).ShouldBeEmpty();
        (await host.RunAsync(RunOf(assembly, Batch + 1) with { Entries = entries }, new Events(_results), Cancellation)).WasWarm.ShouldBeTrue();
        await hosts.DisposeAsync();
        await GoneAsync(ahead);
    }

    [Fact]
    public async Task Ends_where_the_databases_are_others_in_the_end_and_another_runs_the_batch()
    {
        var (assembly, entries, direct, context) = await BuildAsync("XUnit2", "public class Suite { [Xunit.Fact] public void Passes() { } }");
        var ahead = Begin(context, direct, BoundOf(assembly))!;
        await StartedAsync(ahead);
        var foreseen = _hook.ProcessIds(HookAddress.NotYet).Single().Id;

        var hosts = HostsOf(context, direct, ahead);
        var bound = BoundOf(assembly, database: "w0-2");
        var host = await hosts.ForAsync(bound, Cancellation);
        var end = await host.RunAsync(RunOf(assembly, Batch) with { Entries = entries }, new Events(_results), Cancellation);

        end.Fault.ShouldBeNull();
        _results.ShouldBe(["Passes"]);
        host.StartedBefore.ShouldBe(TimeSpan.Zero);
        _hook.ProcessIds(Batch).Single().Id.ShouldNotBe(foreseen);
        IsRunning(foreseen).ShouldBeFalse();
        await hosts.DisposeAsync();
    }

    [Fact]
    public async Task Ends_with_a_run_that_ends_while_it_starts()
    {
        var (assembly, _, direct, context) = await BuildAsync("XUnit2", "public class Suite { [Xunit.Fact] public void Passes() { } }");
        var ahead = Begin(context, direct, BoundOf(assembly))!;
        await Eventually.BeAsync(() => ahead.Processes.FindConsole() is not null, "the test host is there", Cancellation);

        await ahead.DisposeAsync();
        await ahead.DisposeAsync();

        await GoneAsync(ahead);
        (await ahead.TakeAsync(Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_several_the_unwanted_end_and_all_end_with_the_run()
    {
        var (assembly, _, direct, context) = await BuildAsync("XUnit2", "public class Suite { [Xunit.Fact] public void Passes() { } }");
        var hosts = new AheadHosts(context, direct);
        for (var worker = 0; worker < 2; worker++)
            hosts.Begin(worker, assembly, BoundOf(assembly).Environment, RunOf(assembly, HookAddress.NotYet));
        await Eventually.BeAsync(() => _hook.ProcessIds(HookAddress.NotYet).Length == 2, "two test hosts greet", Cancellation);
        var processes = _hook.ProcessIds(HookAddress.NotYet);

        hosts.EndOthers(worker => worker == 0 ? assembly : null);
        hosts.Take(1).ShouldBeNull();
        await hosts.DisposeAsync();

        hosts.Take(0).ShouldBeNull();
        hosts.HasBegun(2).ShouldBeTrue();
        processes.ShouldAllBe(process => !IsRunning(process.Id));
    }

    [Fact]
    public async Task Is_not_started_where_a_startup_hook_of_the_users_would_run_in_it()
    {
        var (assembly, _, direct, context) = await BuildAsync("XUnit2", "public class Suite { [Xunit.Fact] public void Passes() { } }");
        var bound = BoundOf(assembly);

        Begin(context, direct, bound with { Environment = bound.Environment.Add("DOTNET_STARTUP_HOOKS", "/mine.dll") }).ShouldBeNull();
    }

    private async Task<(TestAssembly Assembly, ImmutableArray<TestEntry> Entries, DirectAssemblies Direct, HostContext Context)> BuildAsync(string framework, string code)
    {
        // Each is built once.
        var suite = $"Ahead.{framework}";
        if (!Directory.Exists(_repository.In(suite)))
            _repository.AddSuite(suite, framework, Loaded + code);
        var catalog = await _repository.DiscoverAsync(suite);
        var settings = _repository.Settings;
        var location = await VsTestLocation.FindAsync(_repository.Path, Cancellation);
        var runSettings = RunSettingsDocument.Load(settings, NullLogger.Instance);
        var context = new HostContext(settings, location, runSettings, TimeProvider.System, _repository.Log, _hook);
        File.Delete(LoadedFile);
        return (catalog.Assemblies.Single(), [.. catalog.Units.SelectMany(unit => unit.Entries)], new DirectAssemblies(settings, location, runSettings, _repository.Log), context);
    }

    private HostBinding BoundOf(TestAssembly assembly, string database = "w0-1") => new(
        assembly, ImmutableDictionary<string, string>.Empty.Add("CONCURRENT_TEST_DATABASE", database).Add(FileVariable, LoadedFile));

    private AheadHost? Begin(HostContext context, DirectAssemblies direct, HostBinding bound) =>
        AheadHost.Begin(context, new StartTurns(1), direct.CommandFor(bound.Assembly)!, bound, RunOf(bound.Assembly, HookAddress.NotYet));

    private WorkerHosts HostsOf(HostContext context, DirectAssemblies direct, AheadHost ahead) =>
        new(context, direct, _copies, 0, _ => throw new InvalidOperationException("No console is needed."), ahead);

    private HostRun RunOf(TestAssembly assembly, int batch) => new()
    {
        Batch = batch,
        Entries = [],
        Environment = ImmutableDictionary<string, string>.Empty,
        ResultsDirectory = Directory.CreateDirectory(_repository.In("results")).FullName,
        TrxFileName = FormattableString.Invariant($"batch-{batch}.trx"),
        Seed = 1,
        Configure = root => _hook.Configure(root, 0, batch, assembly),
    };

    private async Task StartedAsync(AheadHost ahead)
    {
        await Eventually.BeAsync(() => _hook.ProcessIds(HookAddress.NotYet).Length == 1, "a test host greets", Cancellation);
        await ahead.ReadyAsync(Cancellation);
    }

    // A process that was killed is there for a moment more.
    private static Task GoneAsync(AheadHost ahead) => Eventually.BeAsync(() => ahead.Processes.FindConsole() is null, "the test host is gone", Cancellation);

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Those of all tests of the class.</summary>
    public sealed class Suites : IDisposable
    {
        internal TestRepository Repository { get; } = new();

        public void Dispose() => Repository.Dispose();
    }

    private sealed class Events(ConcurrentBag<string> results) : IHostEvents
    {
        public void ResultArrived(HostResult result) => results.Add(result.Test.MethodName);

        public void ActiveTests(IReadOnlyCollection<ToldTest> tests)
        {
        }

        public void Message(HostMessageLevel level, string text)
        {
        }
    }
}
