using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>What the timings say comes first begins before everything is discovered, and nothing of the results is another.</summary>
public sealed class EarlyStartTests(EarlyStartTests.FirstRun first) : IClassFixture<EarlyStartTests.FirstRun>
{
    private const string Suite = "Lending.XUnit2.Tests (net10.0)/";
    private static readonly string[] Suites = ["XUnit2", "XUnit3", "NUnit", "MSTest"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_run_begins_before_all_is_discovered_and_has_the_same_results()
    {
        var cold = await first.OutcomeAsync();
        using var folder = await FolderAsync("TroubleTests");

        var warm = await folder.RunAsync();

        cold.ExitCode.ShouldBe(0, cold.Output);
        EarlyBatches(cold).ShouldBeEmpty();
        warm.ExitCode.ShouldBe(0, warm.Output);
        warm.Tests.ShouldBe(cold.Tests, ignoreOrder: true);
        warm.Run.GetProperty("discovered").GetInt32().ShouldBe(cold.Run.GetProperty("discovered").GetInt32());
        EarlyBatches(warm).ShouldNotBeEmpty();
        var events = File.ReadLines(Path.Combine(warm.Results, "run.events.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()).ToList();
        events.IndexOf("batch-started").ShouldBeLessThan(events.IndexOf("discovered"));
        events.Count(name => name == "planned").ShouldBe(1);
    }

    [Fact]
    public async Task Early_batch_whose_host_dies_is_told_like_any_other()
    {
        var cold = await first.OutcomeAsync();
        using var folder = await FolderAsync("TroubleTests");

        var outcome = await folder.RunAsync(("SAMPLE_CRASH", "1"));

        EarlyBatches(outcome).ShouldNotBeEmpty();
        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Where(test => test.Outcome == "Failed").ShouldAllBe(test => test.Name == "Ends_its_process_when_asked_to");
        outcome.Tests.Select(test => (test.Suite, test.ClassName, test.Name)).ShouldBe(
            cold.Tests.Select(test => (test.Suite, test.ClassName, test.Name)), ignoreOrder: true);
    }

    [Fact]
    public async Task Tests_that_discovery_no_longer_knows_are_in_no_result()
    {
        var cold = await first.OutcomeAsync();
        using var folder = await FolderAsync("TroubleTests", timings => timings["tests"]!.AsObject().Add(
            Suite + "Lending.XUnit2.Tests.TroubleTests.Was_removed", JsonNode.Parse("""{"seconds":90,"samples":1}""")));

        var warm = await folder.RunAsync();

        warm.ExitCode.ShouldBe(0, warm.Output);
        EarlyBatches(warm).ShouldNotBeEmpty();
        warm.Tests.ShouldBe(cold.Tests, ignoreOrder: true);
    }

    [Fact]
    public async Task Early_tests_stand_where_another_assembly_cannot_be_discovered()
    {
        await first.OutcomeAsync();
        using var folder = await FolderAsync("TroubleTests");
        var broken = Path.Combine(folder.Path, "broken");
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(Repository.Assembly("NUnit"))!))
        {
            Directory.CreateDirectory(broken);
            File.Copy(file, Path.Combine(broken, Path.GetFileName(file)));
        }

        File.Delete(Path.Combine(broken, "nunit.framework.dll"));

        var outcome = await folder.RunAsync(["XUnit2", "XUnit3", "MSTest"], [Path.Combine(broken, Path.GetFileName(Repository.Assembly("NUnit")))]);

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Reason.ShouldContain("cannot be discovered");
        outcome.Tests.ShouldAllBe(test => test.Suite == "Lending.XUnit2.Tests");
    }

    [Fact]
    public async Task Literal_class_begins_before_its_own_assembly_is_discovered_and_has_the_same_results()
    {
        await first.OutcomeAsync();
        using var folder = await FolderAsync("TroubleTests");
        var cold = await folder.RunAsync(["XUnit2"], [], NotOnHost(folder));
        await KnowAsync(folder, "TroubleTests");

        var warm = await folder.RunAsync(["XUnit2"], [], NotOnHost(folder));

        cold.ExitCode.ShouldBe(0, cold.Output);
        EarlyBatches(cold).ShouldBeEmpty();
        warm.ExitCode.ShouldBe(0, warm.Output);
        EarlyBatches(warm).ShouldNotBeEmpty();
        warm.Tests.ShouldBe(cold.Tests, ignoreOrder: true);
        warm.Run.GetProperty("discovered").GetInt32().ShouldBe(cold.Run.GetProperty("discovered").GetInt32());
    }

    [Fact]
    public async Task Run_whose_early_test_is_not_discovered_does_not_count_and_forgets_it()
    {
        await first.OutcomeAsync();
        using var folder = await FolderAsync("TroubleTests");
        await folder.RunAsync(["XUnit2"], [], NotOnHost(folder));
        // Of a test that never ran nothing says that it comes first.
        await KnowAsync(folder, "TroubleTests", timings => timings["tests"]!.AsObject().Add(
            Suite + "Lending.XUnit2.Tests.TroubleTests.Talks_a_bit_when_asked_to", JsonNode.Parse("""{"seconds":20,"samples":1}""")));
        var known = Directory.EnumerateFiles(Path.Combine(folder.Path, ".nuke", "temp", "discovered-tests")).Single();
        var text = await ReadAsync(known);
        text.ShouldContain("Talks_a_lot_when_asked_to");
        await WriteAsync(known, text.Replace("Talks_a_lot_when_asked_to", "Talks_a_bit_when_asked_to", StringComparison.Ordinal));

        var doubted = await folder.RunAsync(["XUnit2"], [], NotOnHost(folder));

        doubted.ExitCode.ShouldBe(2, doubted.Output);
        doubted.Reason.ShouldContain("its discovery found other tests than the one before");
        File.Exists(known).ShouldBeFalse();
        (await folder.RunAsync(["XUnit2"], [], NotOnHost(folder))).ExitCode.ShouldBe(0);
    }

    // A CI host keeps no discovery, and under other variables an assembly may have other tests.
    private static (string Name, string Value)[] NotOnHost(Folder folder) =>
        [("CI", ""), ("TF_BUILD", ""), ("TEAMCITY_VERSION", ""), ("JENKINS_URL", ""), ("TMPDIR", folder.Path)];

    private static async Task<string> ReadAsync(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        return await reader.ReadToEndAsync(Cancellation);
    }

    private static async Task WriteAsync(string file, string text)
    {
        await using var writer = new StreamWriter(new GZipStream(File.Create(file), CompressionLevel.Fastest));
        await writer.WriteAsync(text);
    }

    private static List<JsonElement> EarlyBatches(SampleOutcome outcome) =>
        [.. outcome.Run.GetProperty("batches").EnumerateArray().Where(batch => batch.GetProperty("reason").GetString() == "early")];

    // Its tests are the longest of all, as far as the timings say.
    private async Task<Folder> FolderAsync(string longest, Action<JsonNode>? change = null)
    {
        var folder = new Folder();
        await KnowAsync(folder, longest, change);
        return folder;
    }

    private async Task KnowAsync(Folder folder, string longest, Action<JsonNode>? change = null)
    {
        var timings = JsonNode.Parse(await first.TimingsAsync())!;
        foreach (var (name, test) in timings["tests"]!.AsObject().Where(test => test.Key.StartsWith(Suite, StringComparison.Ordinal) && test.Key.Contains(longest, StringComparison.Ordinal)))
            test!["seconds"] = 20;
        change?.Invoke(timings);
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(folder.Path, ".nuke", "temp")).FullName, "test-timings.json"), timings.ToJsonString(), Cancellation);
    }

    /// <summary>One run without timings, whose timings and results the tests share.</summary>
    public sealed class FirstRun : IDisposable
    {
        private readonly Folder _folder = new();
        private Task<SampleOutcome>? _outcome;

        internal Task<SampleOutcome> OutcomeAsync() => _outcome ??= _folder.RunAsync();

        internal async Task<string> TimingsAsync()
        {
            var outcome = await OutcomeAsync();
            return await File.ReadAllTextAsync(Path.Combine(outcome.Results, "timings.json"), Cancellation);
        }

        public void Dispose() => _folder.Dispose();
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("early-").FullName;

        public Task<SampleOutcome> RunAsync(params (string Name, string Value)[] variables) => RunAsync(Suites, [], variables);

        public async Task<SampleOutcome> RunAsync(string[] suites, string[] more, params (string Name, string Value)[] variables)
        {
            var command = SampleRun.Command(Path, suites, ["--workers", "1", "--test-filter", "FullyQualifiedName~Trouble|FullyQualifiedName~Members", "--test-seed", "20260302", "--test-settings", Repository.SerialRunSettings]).ToList();
            command.InsertRange(command.IndexOf("--test-projects") + 1, more);
            using var run = SampleRun.StartIn(Path, ["setsid", "dotnet", .. command], variables);
            return await run.EndAsync(Cancellation);
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
