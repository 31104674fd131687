using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Hook;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>The hosts that a worker gets for a real assembly.</summary>
public sealed class WorkerHostsTests(BuiltSuites suites)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_that_came_to_no_run_is_another_workers_turn()
    {
        var catalog = await suites.CatalogAsync();
        var settings = suites.Repository.Settings;
        var location = await VsTestLocation.FindAsync(suites.Repository.Path, Cancellation);
        var runSettings = RunSettingsDocument.Load(settings, NullLogger.Instance);
        var direct = new DirectAssemblies(settings, location, runSettings, NullLogger.Instance);
        await using var hook = TestHookServer.Open("run", measure: false, NullLogger.Instance);
        using var copies = new OutputCopies("run", NullLogger.Instance);
        var context = new HostContext(settings, location, runSettings, TimeProvider.System, NullLogger.Instance, hook);
        var bound = new HostBinding(catalog.Assemblies.Single(assembly => assembly.Framework == TestFramework.NUnit), ImmutableDictionary<string, string>.Empty);

        for (var worker = 0; worker < 3 * Math.Max(2, Environment.ProcessorCount); worker++)
        {
            var hosts = new WorkerHosts(context, direct, copies, worker, _ => throw new InvalidOperationException("No console is needed."));
            (await hosts.ForAsync(bound, Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).ShouldBeOfType<DirectTestHost>();
            await hosts.EndProcessesAsync();
        }
    }
}
