using System.Diagnostics;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Ci;

/// <summary>The pipelines of docs/ci as their hosts' public schemas understand them. The schemas come from npm: `npm ci` in this folder installs them.</summary>
public sealed class PipelineTests : IDisposable
{
    private static readonly string Schemas = Path.Combine(Repository.Root, "tests", "ConcurrentTesting.Tests", "Ci");
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("github", "github-actions.yml")]
    [InlineData("gitlab", "gitlab-ci.yml")]
    [InlineData("gitlab", "gitlab-concurrent-test.yml")]
    [InlineData("kubernetes", "kubernetes.yaml")]
    public async Task A_pipeline_of_the_documentation_is_one_to_its_host(string host, string file) =>
        (await ErrorsOfAsync(host, File.ReadAllText(PathOf(file)))).ShouldBeEmpty();

    [Fact]
    public async Task The_queues_pipeline_of_the_documentation_is_one_to_GitHub()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "many-machines.md"));
        var jobs = page.Split("```yaml\n")[1].Split("```")[0];

        (await ErrorsOfAsync("github", $"on: [push]\njobs:\n{string.Concat(jobs.Split('\n').Select(line => $"  {line}\n"))}")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("github", "github-actions.yml", "fail-fast: false", "fail-fast: maybe")]
    [InlineData("gitlab", "gitlab-ci.yml", "strategy: depend", "strategy: wait")]
    [InlineData("gitlab", "gitlab-concurrent-test.yml", "max: 1", "max: many")]
    [InlineData("kubernetes", "kubernetes.yaml", "action: FailIndex", "action: FailTwice")]
    public async Task A_mistake_in_it_is_seen(string host, string file, string right, string wrong)
    {
        var text = File.ReadAllText(PathOf(file));
        text.ShouldContain(right);

        (await ErrorsOfAsync(host, text.Replace(right, wrong, StringComparison.Ordinal))).ShouldNotBeEmpty();
    }

    [Fact]
    public void Every_pipeline_plans_runs_parts_merges_and_keeps_the_durations()
    {
        string[][] pipelines = [["github-actions.yml"], ["gitlab-ci.yml", "gitlab-concurrent-test.yml"], ["azure-pipelines.yml"], ["buildkite.yml"], ["kubernetes.yaml"]];
        pipelines.SelectMany(files => files).ShouldBe(Directory.GetFiles(PathOf("")).Select(file => Path.GetFileName(file)), ignoreOrder: true);
        foreach (var text in pipelines.Select(files => string.Concat(files.Select(file => File.ReadAllText(PathOf(file))))))
        {
            foreach (var step in new[] { "ConcurrentTestPlan", "ConcurrentTest", "--test-shard", "ConcurrentTestMerge", "--test-merge", "timings" })
                text.ShouldContain(step);
        }
    }

    [Theory]
    [InlineData("github-actions.yml", "  tests:\n    needs: [plan, part]\n    if: ${{ always() }}\n")]
    [InlineData("github-actions.yml", "name: test-part-${{ needs.plan.outputs.attempt }}-${{ matrix.part }}-${{ github.run_attempt }}\n")]
    [InlineData("gitlab-concurrent-test.yml", "merge:\n  stage: merge\n  image: mcr.microsoft.com/dotnet/sdk:10.0\n  when: always\n")]
    [InlineData("gitlab-concurrent-test.yml", "exit_codes: [2, 130]\n")]
    [InlineData("azure-pipelines.yml", "dependsOn: [plan, part]\n    condition: always()\n")]
    [InlineData("azure-pipelines.yml", "artifact: test-part-$(PLAN)-$(System.JobPositionInPhase)-$(System.JobAttempt)\n")]
    [InlineData("github-actions.yml", "path: artifacts/test-results\n          # A test may attach a hidden file, and a part that lacks a file is not complete.\n          include-hidden-files: true\n")]
    [InlineData("buildkite.yml", "- step: part\n        allow_failure: true\n")]
    [InlineData("buildkite.yml", "- step: merge\n        allow_failure: true\n    command: buildkite-agent artifact download --step merge \"test-timings/*\" .\n")]
    [InlineData("kubernetes.yaml", "- action: FailIndex\n        onExitCodes: { containerName: part, operator: In, values: [1, 3, 4] }\n")]
    [InlineData("kubernetes.yaml", "- action: Count\n        onExitCodes: { containerName: part, operator: In, values: [2, 130] }\n")]
    public void A_merge_always_speaks_and_each_try_of_a_part_is_kept(string file, string text) => File.ReadAllText(PathOf(file)).ShouldContain(text, Case.Sensitive);

    [Fact]
    public void A_cache_of_Azure_has_its_folder_and_no_name_of_an_artifact_is_used_twice()
    {
        var lines = File.ReadAllLines(PathOf("azure-pipelines.yml"));

        var caches = Enumerable.Range(0, lines.Length).Where(index => lines[index].Contains("task: Cache@2", StringComparison.Ordinal)).ToList();
        caches.Count.ShouldBe(3);
        caches.ShouldAllBe(index => lines[index - 1].Contains("- script: mkdir -p \"$(Pipeline.Workspace)/test-timings\"") || lines[index - 1].EndsWith(" \"$(Pipeline.Workspace)/test-timings\""));
        var published = Enumerable.Range(0, lines.Length).Where(index => lines[index].Contains("- publish:", StringComparison.Ordinal)).ToList();
        published.Count.ShouldBe(4);
        published.ShouldAllBe(index => lines[index + 1].EndsWith("-$(System.JobAttempt)"));
    }

    [Theory]
    [InlineData("github-actions.yml", "ConcurrentTestMerge --test-merge artifacts/parts --test-plan plan/artifacts/test-plan/plan.json")]
    [InlineData("azure-pipelines.yml", "ConcurrentTestMerge --test-merge $(Pipeline.Workspace)/test-part-* --test-plan $(Pipeline.Workspace)/test-plan-$(PLAN)/plan.json")]
    [InlineData("buildkite.yml", "ConcurrentTestMerge --test-merge artifacts/parts --test-plan artifacts/test-plan/plan.json")]
    public void A_merge_is_told_the_plan(string file, string text) => File.ReadAllText(PathOf(file)).ShouldContain(text, Case.Sensitive);

    [Theory]
    [InlineData("github-actions.yml")]
    [InlineData("gitlab-ci.yml")]
    [InlineData("gitlab-concurrent-test.yml")]
    public void The_history_is_cached_like_the_timings_where_files_are_named(string file) => File.ReadAllText(PathOf(file)).ShouldContain(".nuke/temp/test-history.jsonl");

    private static string PathOf(string file) => Path.Combine(Repository.Root, "docs", "ci", file);

    private async Task<string[]> ErrorsOfAsync(string host, string pipeline)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Schemas, "node_modules")), "the schemas are not installed: run `npm ci` in tests/ConcurrentTesting.Tests/Ci");

        // A hidden job may say anything; it is checked as the job that extends it.
        await File.WriteAllTextAsync(_file, pipeline.Replace("\n.concurrent-test:", "\nconcurrent-test:", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(Schemas, "validate.mjs"), host, _file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await error);
        return JsonSerializer.Deserialize<string[]>(output)!;
    }
}
