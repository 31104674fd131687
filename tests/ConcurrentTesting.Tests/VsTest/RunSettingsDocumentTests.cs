using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class RunSettingsDocumentTests : IDisposable
{
    private const string Coverlet = """<DataCollector friendlyName="xplat code coverage"><Configuration><Format>json,lcov</Format><Exclude>[A]*</Exclude></Configuration></DataCollector>""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("<DataCollectionRunSettings><DataCollectors><DataCollector friendlyName=\"blame\" enabled=\"True\"><CollectDump DumpType=\"mini\" /></DataCollector></DataCollectors></DataCollectionRunSettings>", "CollectDump")]
    [InlineData("<DataCollectionRunSettings><DataCollector friendlyName=\"blame\" /></DataCollectionRunSettings>", "DataCollector")]
    [InlineData("<DataCollectionRunSettings><DataCollectors><DataCollector friendlyName=\"blame\" when=\"always\" /></DataCollectors></DataCollectionRunSettings>", "when")]
    [InlineData("<InProcDataCollectionRunSettings><InProcDataCollectors><InProcDataCollector friendlyName=\"a\"><Wrong /></InProcDataCollector></InProcDataCollectors></InProcDataCollectionRunSettings>", "Wrong")]
    [InlineData("<LoggerRunSettings><Loggers><Logger friendlyName=\"html\"><Wrong /></Logger></Loggers></LoggerRunSettings>", "Wrong")]
    public void What_VSTest_would_not_take_is_a_bad_setting_with_its_file_and_element(string sections, string named)
    {
        var problem = Should.Throw<ConcurrentTestException>(() => Load(sections));

        problem.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        problem.Message.ShouldContain(Path.Combine(_folder.Path, "test.runsettings"));
        problem.Message.ShouldContain(named);
    }

    [Fact]
    public void Coverlet_writes_what_can_be_merged_and_keeps_its_other_settings()
    {
        var collector = Batch(Load($"<DataCollectionRunSettings><DataCollectors>{Coverlet}</DataCollectors></DataCollectionRunSettings>"), AssemblyCollectors.None)
            .Descendants("DataCollector").Single();

        collector.Descendants("Format").Single().Value.ShouldBe("opencover");
        collector.Descendants("Exclude").Single().Value.ShouldBe("[A]*");
    }

    [Fact]
    public void A_collector_of_a_package_is_handed_its_folder_beside_those_of_the_user()
    {
        var document = Load("<RunConfiguration><TestAdaptersPaths>adapters</TestAdaptersPaths></RunConfiguration>");

        var batch = Batch(document, new AssemblyCollectors { Folders = ["/packages/coverlet"], Added = "XPlat code coverage", CollectCoverage = true });

        batch.Descendants("TestAdaptersPaths").Single().Value.ShouldBe($"{Path.Combine(_folder.Path, "adapters")};/packages/coverlet");
        batch.Descendants("DataCollector").Single().Attribute("friendlyName")!.Value.ShouldBe("XPlat code coverage");
    }

    [Fact]
    public void The_half_of_coverlet_that_saves_the_hits_is_added_once()
    {
        var file = typeof(RunSettingsDocument).Assembly.Location;
        var collectors = new AssemblyCollectors { Coverlet = file, CollectCoverage = true };
        var alone = Batch(Load(""), collectors).Descendants("InProcDataCollector").Single();

        alone.Attribute("assemblyQualifiedName")!.Value.ShouldStartWith("Coverlet.Collector.DataCollection.CoverletInProcDataCollector, ");
        alone.Attribute("codebase")!.Value.ShouldBe(file);
        Batch(Load($"<InProcDataCollectionRunSettings><InProcDataCollectors>{alone}</InProcDataCollectors></InProcDataCollectionRunSettings>"), collectors)
            .Descendants("InProcDataCollector").Count().ShouldBe(1);
    }

    [Fact]
    public void The_SDKs_coverage_is_written_as_Cobertura() =>
        Batch(Load("<DataCollectionRunSettings><DataCollectors><DataCollector uri=\"datacollector://Microsoft/CodeCoverage/2.0\" /></DataCollectors></DataCollectionRunSettings>"), AssemblyCollectors.None)
            .Descendants("Format").Single().Value.ShouldBe("Cobertura");

    private RunSettingsDocument Load(string sections) => RunSettingsDocument.Load(
        new ConcurrentTestSettings { WorkingDirectory = _folder.Path, RunSettingsFile = _folder.Write("test.runsettings", $"<RunSettings>{sections}</RunSettings>") }, NullLogger.Instance);

    private XElement Batch(RunSettingsDocument document, AssemblyCollectors collectors)
    {
        var assembly = new TestAssembly("/repo/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null) { Collectors = collectors };
        return XElement.Parse(document.ForBatch(new BatchRunSettings(1, System.Collections.Immutable.ImmutableDictionary<string, string>.Empty, _folder.Path, "batch.trx", assembly)));
    }
}
