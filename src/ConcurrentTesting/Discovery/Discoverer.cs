using ConcurrentTesting.Execution.VsTest;
using ConcurrentTesting.Reporting;
using Microsoft.Extensions.Logging;
namespace ConcurrentTesting.Discovery;
#pragma warning disable
internal sealed class Discoverer(ConcurrentTestSettings settings, RunSettingsDocument runSettings, VsTestLocation vsTest, int seed, ILogger log, IRunObserver observer)
{
    public async Task<TestCatalog> DiscoverAsync(CancellationToken ct)
    {
        await using var s = await VsTestSession.StartAsync(vsTest, ProcessEnvironment.For(settings), null, log, ct);
        var units = new List<TestUnit>(); var asms = new List<TestAssembly>();
        foreach (var p in settings.TestProjects)
        {
            var a = new TestAssembly(Path.GetFullPath(p, settings.WorkingDirectory), "net10.0", TestFramework.XUnit2, null);
            asms.Add(a);
            var d = await s.DiscoverAsync([a.Path], runSettings.ForDiscovery(seed, a), ct);
            foreach (var g in d.Cases.GroupBy(c => c.Id).Select(g => new TestEntry { Assembly = a, Cases = [.. g], ClassName = Cls(g.First()), MethodName = g.First().FullyQualifiedName.Split('(')[0].Split('.').Last() }).GroupBy(e => e.ClassName))
                units.Add(new TestUnit(g.Key, a, [.. g]));
        }
        return new TestCatalog([.. asms], [.. units], []);
    }
    static string Cls(Microsoft.VisualStudio.TestPlatform.ObjectModel.TestCase c) { var f = c.FullyQualifiedName.Split('(')[0]; return f[..f.LastIndexOf('.')]; }
}
