using System.Xml.Linq;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class CoverageMergeTests : IDisposable
{
    private readonly Databases.TemporaryFolder _folder = new();

    private string Target => Path.Combine(_folder.Path, "coverage.cobertura.xml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lines_and_branches_of_all_batches_are_put_together()
    {
        var source = _folder.Write("repo/Shop.cs", "one\ntwo\nthree\n");

        var (coverage, notWritten) = await MergeAsync(
            Batch(1, Write("worker-0/a/coverage.opencover.xml", source, lines: [1, 0, 0], branches: [1, 0])),
            Batch(2, Write("worker-1/b/coverage.opencover.xml", source, lines: [2, 1, 0], branches: [0, 3])));

        notWritten.ShouldBeNull();
        coverage.ShouldBe(new CoverageRecord(2, 3, 2, 2));
        coverage!.Text.ShouldBe("66.7% of lines (2 of 3), 100.0% of branches (2 of 2)");
        var merged = XDocument.Load(Target).Root!;
        merged.Descendants("class").Single().Attribute("filename")!.Value.ShouldBe("repo/Shop.cs");
        merged.Descendants("source").Single().Value.ShouldBe(_folder.Path);
        merged.Descendants("class").Single().Element("lines")!.Elements("line").Select(line => ((int)line.Attribute("number")!, (int)line.Attribute("hits")!))
            .ShouldBe([(1, 3), (2, 1), (3, 0)]);
    }

    [Fact]
    public async Task Only_the_merged_file_stays()
    {
        var source = _folder.Write("repo/Shop.cs", "one\n");
        _folder.Write("worker-0/deployed/In/machine/coverage.opencover.xml", "VSTest's copy");
        _folder.Write("worker-0/deployed/In/machine/coverage.opencover[1].xml", "that of another batch in the same second");
        _folder.Write("worker-0/batch-0001.trx", "results");

        await MergeAsync(Batch(1, Write("worker-0/a/coverage.opencover.xml", source, lines: [1], branches: [])));

        Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.Path, file)).Order(StringComparer.Ordinal)
            .ShouldBe(["coverage.cobertura.xml", "repo/Shop.cs", "worker-0/batch-0001.trx"]);
        Directory.GetDirectories(Path.Combine(_folder.Path, "worker-0")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Hits_that_died_with_their_host_are_told()
    {
        var source = _folder.Write("repo/Shop.cs", "one\n");

        var (coverage, _) = await MergeAsync(
            Batch(1, Write("worker-0/a/coverage.opencover.xml", source, lines: [1], branches: [])),
            Batch(2) with { Error = "Test host process crashed", Tests = 7 },
            Batch(3, _folder.Write("worker-1/c/coverage.opencover.xml", "<CoverageSession>")) with { Tests = 2 });

        (coverage!.LostBatches, coverage.LostResults).ShouldBe((2, 9));
        coverage.Text.ShouldEndWith("too low: 2 test hosts ended before telling what 9 results had covered");
    }

    [Fact]
    public async Task What_machines_covered_with_roots_of_their_own_is_put_together()
    {
        var files = new[] { ("/home/one/work", 1, 0), ("/build/other", 0, 1) }.Select((part, index) => _folder.Write(
            $"parts/{index}/coverage.cobertura.xml",
            $"<?xml version=\"1.0\"?><coverage line-rate=\"0.5\" lines-covered=\"1\" lines-valid=\"2\" version=\"1\" timestamp=\"1\"><sources><source>{part.Item1}</source></sources><packages><package name=\"Shop\"><classes><class name=\"Shop.Prices\" filename=\"repo/Shop.cs\"><methods/><lines><line number=\"1\" hits=\"{part.Item2}\"/><line number=\"2\" hits=\"{part.Item3}\"/></lines></class></classes></package></packages></coverage>")).ToList();

        var (coverage, notWritten) = await CoverageMerge.OfPartsAsync(files, 2, new ConcurrentTestSettings { ResultsDirectory = _folder.Path, RootDirectory = _folder.Path }, DateTimeOffset.UtcNow, CancellationToken.None);

        notWritten.ShouldBeNull();
        coverage.ShouldBe(new CoverageRecord(2, 2, 0, 0));
        var merged = XDocument.Load(Target).Root!;
        merged.Descendants("class").Single().Attribute("filename")!.Value.ShouldBe("repo/Shop.cs");
        files.ShouldAllBe(file => File.Exists(file), "they are the parts'");
    }

    [Fact]
    public async Task A_part_without_coverage_makes_it_an_artifact_that_is_missing_in_part()
    {
        var file = _folder.Write("parts/0/coverage.cobertura.xml", "<coverage version=\"1\" timestamp=\"1\"><sources/><packages/></coverage>");

        var (_, notWritten) = await CoverageMerge.OfPartsAsync([file], 2, new ConcurrentTestSettings { ResultsDirectory = _folder.Path, RootDirectory = _folder.Path }, DateTimeOffset.UtcNow, CancellationToken.None);

        notWritten!.Message.ShouldContain("only 1 of 2 parts left coverage");
    }

    [Fact]
    public async Task Coverage_that_nobody_left_is_an_artifact_that_is_missing()
    {
        var (coverage, notWritten) = await MergeAsync(Batch(1));

        coverage.ShouldBeNull();
        notWritten!.Kind.ShouldBe("artifact-not-written");
        notWritten.Message.ShouldContain(Target);
    }

    [Fact]
    public async Task A_file_that_is_no_coverage_is_an_artifact_that_is_missing()
    {
        var (coverage, notWritten) = await MergeAsync(Batch(1, _folder.Write("worker-0/a/coverage.opencover.xml", "<CoverageSession>")));

        coverage.ShouldBeNull();
        notWritten!.Message.ShouldContain(Target);
        File.Exists(Target).ShouldBeFalse();
    }

    [Fact]
    public async Task A_run_that_was_not_asked_for_coverage_has_none() =>
        (await MergeAsync(RecordedRun.Batch(1))).ShouldBe((null, null));

    private Task<(CoverageRecord? Coverage, Incident? NotWritten)> MergeAsync(params BatchRecord[] batches) => CoverageMerge.WriteAsync(
        batches, new ConcurrentTestSettings { ResultsDirectory = _folder.Path, RootDirectory = _folder.Path }, RecordedRun.Start, TestContext.Current.CancellationToken);

    private static BatchRecord Batch(int number, params string[] coverage) => RecordedRun.Batch(number) with { Coverage = [.. coverage] };

    // What coverlet writes: a point for each line, and the branches of the first.
    private string Write(string name, string source, int[] lines, int[] branches)
    {
        var points = string.Concat(lines.Select((hits, index) => $"<SequencePoint vc='{hits}' uspid='{index + 1}' ordinal='{index}' sl='{index + 1}' sc='1' el='{index + 1}' ec='2' bec='0' bev='0' fileid='1' />"));
        var taken = string.Concat(branches.Select((hits, index) => $"<BranchPoint vc='{hits}' uspid='1' ordinal='{index}' path='{index}' offset='7' offsetend='{9 + index}' sl='1' fileid='1' />"));
        return _folder.Write(name, $"""
            <?xml version="1.0" encoding="utf-8"?>
            <CoverageSession>
              <Summary numSequencePoints="{lines.Length}" visitedSequencePoints="0" numBranchPoints="{branches.Length}" visitedBranchPoints="0" sequenceCoverage="0" branchCoverage="0" maxCyclomaticComplexity="1" minCyclomaticComplexity="1" visitedClasses="1" numClasses="1" visitedMethods="1" numMethods="1" />
              <Modules>
                <Module hash="1">
                  <ModulePath>Shop.dll</ModulePath>
                  <ModuleTime>2026-01-01T00:00:00</ModuleTime>
                  <ModuleName>Shop</ModuleName>
                  <Files><File uid="1" fullPath="{source}" /></Files>
                  <Classes>
                    <Class>
                      <Summary numSequencePoints="{lines.Length}" visitedSequencePoints="0" numBranchPoints="0" visitedBranchPoints="0" sequenceCoverage="0" branchCoverage="0" maxCyclomaticComplexity="1" minCyclomaticComplexity="1" visitedClasses="1" numClasses="1" visitedMethods="1" numMethods="1" />
                      <FullName>Shop.Basket</FullName>
                      <Methods>
                        <Method cyclomaticComplexity="2" nPathComplexity="0" sequenceCoverage="0" branchCoverage="0" isConstructor="False" isGetter="False" isSetter="False" isStatic="True">
                          <Summary numSequencePoints="{lines.Length}" visitedSequencePoints="0" numBranchPoints="0" visitedBranchPoints="0" sequenceCoverage="0" branchCoverage="0" maxCyclomaticComplexity="1" minCyclomaticComplexity="1" visitedClasses="0" numClasses="0" visitedMethods="1" numMethods="1" />
                          <MetadataToken />
                          <Name>System.Int32 Shop.Basket::Add(System.Int32)</Name>
                          <FileRef uid="1" />
                          <SequencePoints>{points}</SequencePoints>
                          <BranchPoints>{taken}</BranchPoints>
                        </Method>
                      </Methods>
                    </Class>
                  </Classes>
                </Module>
              </Modules>
            </CoverageSession>
            """);
    }
}
