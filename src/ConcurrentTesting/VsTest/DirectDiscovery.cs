using System.Xml.Linq;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;

namespace ConcurrentTesting.VsTest;

/// <summary>Discovers the tests of an assembly in a test host that the run starts itself.</summary>
internal sealed class DirectDiscovery(ConcurrentTestSettings settings, DirectAssemblies assemblies, ILogger log)
{
    // Cases are kept together by the thousand, because a message costs more than its cases.
    private const long CasesTogether = 1_000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1.5);

    /// <param name="runSettings">As they are for a console.</param>
    /// <returns>Null where a console has to do it.</returns>
    public async Task<SessionDiscovery?> DiscoverAsync(TestAssembly assembly, string runSettings, CancellationToken cancellationToken)
    {
        if (!assemblies.IsDirect(assembly))
            return null;
        var processes = new SessionProcesses(Guid.NewGuid().ToString("N"));
        try
        {
            return await DiscoverAsync(assembly, AsOfConsole(runSettings), processes, cancellationToken);
        }
        catch (HostProtocolException exception)
        {
            log.LogWarning(
                "{Assembly}: its test host could not be asked for its tests, so vstest.console is asked: {Reason}",
                assembly.Source, exception.Message);
            return null;
        }
        finally
        {
            processes.Kill(null);
        }
    }

    private async Task<SessionDiscovery> DiscoverAsync(
        TestAssembly assembly, string runSettings, SessionProcesses processes, CancellationToken cancellationToken)
    {
        var environment = ProcessEnvironment.For(settings).SetItems(ConsoleHabits.EnvironmentIn(runSettings));
        await using var process = await DirectHostProcess.StartAsync(
            assemblies.CommandFor(assembly)!, environment, processes, log, cancellationToken);
        var handler = new DiscoveryHandler();
        var criteria = new DiscoveryCriteria([assembly.Path], CasesTogether, LongestWait, runSettings);
        var operation = new HostDiscoveryOperation(criteria, handler);
        await Task.Run(
            () => process.OperateAsync(operation, ConsoleHabits.AdaptersBeside(assembly.Path), cancellationToken), CancellationToken.None);
        return handler.ToDiscovery();
    }

    private static string AsOfConsole(string runSettings)
    {
        var document = XDocument.Parse(runSettings, LoadOptions.PreserveWhitespace);
        ConsoleHabits.Apply(document.Root!);
        return document.ToString(SaveOptions.DisableFormatting);
    }
}
