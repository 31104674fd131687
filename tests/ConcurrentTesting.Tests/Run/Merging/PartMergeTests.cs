using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Tests.Databases;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run.Merging;

public sealed class PartMergeTests : IDisposable
{
    private const int Ways = 200;

    private readonly WrittenParts _parts = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _parts.Dispose();

    [Fact]
    public async Task All_parts_of_a_plan_are_one_run_with_every_artifact()
    {
        var result = await MergeAsync(_parts.WriteAll());

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
        result.Passed.ShouldBe(_parts.Plan.Tests);
        foreach (var name in new[] { "test-results.trx", "junit.xml", "report.html", "summary.md", "metrics.prom", "run.json", "timings.json" })
            File.Exists(Path.Combine(_parts.Results, name)).ShouldBeTrue(name);
        using var run = JsonDocument.Parse(Artifact("run.json"));
        run.RootElement.GetProperty("workers").GetInt32().ShouldBe(6);
        run.RootElement.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("machine").GetString()).ShouldBe(["machine-1", "machine-2", "machine-3"]);
        run.RootElement.GetProperty("workerTimes").EnumerateArray().Select(worker => $"{worker.GetProperty("worker")} {worker.GetProperty("machine")}")
            .ShouldBe(["1 machine-1", "3 machine-2", "5 machine-3"]);
        Artifact("worker-5", "note.txt").ShouldBe("of part 3");
    }

    [Fact]
    public async Task What_failed_is_run_again_with_the_projects_of_the_parts_and_the_results_of_the_merge()
    {
        var settings = _parts.Settings(_parts.WriteAll()) with { RepeatedArguments = " --test-database none --test-results-directory merged" };

        var result = await PartMerge.RunAsync(settings, NullLogger.Instance, _ => null, Cancellation);

        result.RepeatedArguments.ShouldBe(" --test-projects src/Shop --test-results-directory merged");
    }

    [Fact]
    public async Task The_report_and_the_summary_name_the_machines_beside_their_workers()
    {
        await MergeAsync(_parts.WriteAll());

        Artifact("report.html").ShouldContain("worker 3, machine-2</text>");
        Artifact("report.html").ShouldContain("data-label=\"Machine\">machine-3</td>");
        Artifact("summary.md").Split('\n').ShouldContain("| 2 | machine-2 | 2–3 | 9 | 3.00s | 0 |");
    }

    [Fact]
    public async Task The_terminal_and_the_metrics_name_the_machines_too()
    {
        var log = new LogLines();

        await PartMerge.RunAsync(_parts.Settings(_parts.WriteAll()), log, _ => null, Cancellation);

        log.Text.ShouldMatch(@"(?m)^Information: Part 2 on machine-2: 9 results in 3\.0 s, exit code 0$");
        Artifact("metrics.prom").Split('\n').ShouldContain("concurrent_test_machine_workers{machine=\"machine-2\"} 2");
    }

    [Fact]
    public async Task The_report_shows_when_the_tests_of_any_machine_ran()
    {
        await MergeAsync(_parts.WriteAll());

        using var data = JsonDocument.Parse(Artifact("report.html").Split("id=\"run-data\">")[1].Split("</script>")[0]);
        var band = data.RootElement.GetProperty("phases").EnumerateArray().ShouldHaveSingleItem();
        (band[0].GetString(), band[2].GetDouble() - band[1].GetDouble()).ShouldBe(("tests", 2), "the machines ran side by side");
    }

    [Fact]
    public async Task The_figures_of_the_merged_run_are_pushed()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var settings = _parts.Settings(_parts.WriteAll()) with { MetricsPushUrl = $"http://127.0.0.1:{port}" };

        var merging = PartMerge.RunAsync(settings, NullLogger.Instance, _ => null, Cancellation);
        using var client = await listener.AcceptTcpClientAsync(Cancellation);
        using var reader = new StreamReader(client.GetStream());
        (await reader.ReadLineAsync(Cancellation)).ShouldBe("PUT /metrics/job/concurrent_test HTTP/1.1");
        client.GetStream().Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);

        (await merging).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
    }

    [Fact]
    public async Task The_next_durations_of_a_test_are_those_of_the_part_that_ran_it()
    {
        await MergeAsync(_parts.WriteAll());

        var tests = NextDurations();
        tests.Keys.ShouldBe(_parts.Plan.All.Select(test => test.ToString()).Append("Other (net10.0)/Other.Pays"), ignoreOrder: true);
        foreach (var part in _parts.Plan.Parts)
            part.All.ShouldAllBe(test => tests[test.ToString()] == part.Part);
    }

    [Fact]
    public async Task The_next_durations_keep_what_is_known_where_a_part_is_missing()
    {
        await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(new WrittenTry(3))]);

        NextDurations().Keys.ShouldContain("Shop.Tests (net10.0)/Stale.Old");
    }

    [Fact]
    public async Task The_next_durations_keep_what_is_known_where_an_assembly_had_a_filter_of_its_own()
    {
        var filtered = new WrittenTry(1).Settings!.Add("filter of Shop.Tests (net10.0)", "71fb6a9c");

        await MergeAsync([.. _parts.Plan.Parts.Select(part => _parts.Write(new WrittenTry(part.Part) { Settings = filtered }))]);

        NextDurations().Keys.ShouldContain("Shop.Tests (net10.0)/Stale.Old");
    }

    [Fact]
    public async Task Durations_that_cannot_be_written_for_the_next_run_are_beside_the_artifacts()
    {
        var settings = _parts.Settings(_parts.WriteAll());
        Directory.CreateDirectory(settings.TimingsFile);

        var result = await PartMerge.RunAsync(settings, NullLogger.Instance, _ => null, Cancellation);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
        Artifact("run.json").ShouldContain("timings-not-written");
        File.Exists(Path.Combine(_parts.Results, "timings.json")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_merged_run_is_remembered_in_the_history()
    {
        await MergeAsync(_parts.WriteAll());

        var history = await File.ReadAllLinesAsync(Path.Combine(Path.GetDirectoryName(_parts.Settings().TimingsFile)!, "test-history.jsonl"), Cancellation);
        history.Length.ShouldBe(2);
        history[1].ShouldContain("run-1-merged");
    }

    [Fact]
    public async Task A_part_that_was_tried_again_the_next_day_makes_the_run_no_day_long()
    {
        await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(new WrittenTry(2) { Minutes = 1440 }), _parts.Write(new WrittenTry(3) { Minutes = 1440 })]);

        using var run = JsonDocument.Parse(Artifact("run.json"));
        run.RootElement.GetProperty("wallSeconds").GetDouble().ShouldBe(6, "three seconds on each of two days");
    }

    [Fact]
    public async Task A_failed_test_of_any_part_fails_the_run()
    {
        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(Failing(2)), _parts.Write(new WrittenTry(3))]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);
        result.Failed.ShouldBe(1);
    }

    [Theory]
    [InlineData(5, null, null)]
    [InlineData(-5, 1L, 2L)]
    public async Task A_retried_part_replaces_its_earlier_try_and_that_can_be_seen(int minutes, long? earlierAttempt, long? laterAttempt)
    {
        var earlier = _parts.Write(Failing(2) with { Run = "try-1", Attempt = earlierAttempt });
        var later = _parts.Write(new WrittenTry(2) { Run = "try-2", Minutes = minutes, Attempt = laterAttempt });

        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), later, _parts.Write(new WrittenTry(3)), earlier]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
        Artifact("run.json").ShouldContain("A later try replaced part 2/3 of run try-1");
        Artifact("report.html").ShouldContain("part-replaced");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_no_pipeline_is_named_the_newer_jobs_first_attempt_counts_and_not_the_older_jobs_second_one(bool isNewerRed)
    {
        var older = isNewerRed ? new WrittenTry(2) : Failing(2);
        var newer = isNewerRed ? Failing(2) : new WrittenTry(2);

        var result = await MergeAsync(
        [
            _parts.Write(new WrittenTry(1) { Pipeline = null }),
            _parts.Write(older with { Run = "older", Attempt = 2, Pipeline = null }),
            _parts.Write(newer with { Run = "newer", Attempt = 1, Pipeline = null, Minutes = 60 }),
            _parts.Write(new WrittenTry(3) { Pipeline = null }),
        ]);

        result.ExitCode.ShouldBe(isNewerRed ? ConcurrentTestExitCode.TestsFailed : ConcurrentTestExitCode.Success, result.Reason);
        Artifact("run.json").ShouldContain("A later try replaced part 2/3 of run older");
    }

    [Fact]
    public async Task A_part_that_failed_after_its_tests_is_no_success_of_the_merge()
    {
        var folders = _parts.WriteAll();
        var part = new ConcurrentTestResult { ExitCode = ConcurrentTestExitCode.Success, Reason = "All tests passed.", ResultsDirectory = folders[1] };

        (await ConcurrentTestRun.JudgeAsync(part, _ => "the budget is spent")).ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);

        var result = await MergeAsync(folders);
        (result.ExitCode, result.Reason).ShouldBe((ConcurrentTestExitCode.TestsFailed, "Part 2: the budget is spent"));
        result.Passed.ShouldBe(_parts.Plan.Tests);
    }

    [Fact]
    public async Task A_part_whose_process_is_killed_while_it_is_judged_is_not_complete()
    {
        var folders = _parts.WriteAll();
        var whole = await File.ReadAllBytesAsync(Path.Combine(folders[1], ArtifactNames.Part), Cancellation);
        var part = new ConcurrentTestResult { ExitCode = ConcurrentTestExitCode.Success, Reason = "All tests passed.", ResultsDirectory = folders[1] };
        var isCompleteMeanwhile = true;

        var judged = await ConcurrentTestRun.JudgeAsync(part, _ =>
        {
            isCompleteMeanwhile = File.Exists(Path.Combine(folders[1], ArtifactNames.Part));
            return null;
        });

        isCompleteMeanwhile.ShouldBeFalse();
        judged.ShouldBe(part);
        (await File.ReadAllBytesAsync(Path.Combine(folders[1], ArtifactNames.Part), Cancellation)).ShouldBe(whole);
        (await MergeAsync(folders)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
    }

    [Fact]
    public async Task A_file_of_the_seals_name_that_is_no_seal_stays_as_it_is()
    {
        var folder = _parts.Write(new WrittenTry(1));
        var seal = Path.Combine(folder, ArtifactNames.Part);
        await File.WriteAllTextAsync(seal, "of somebody else", Cancellation);
        var run = new ConcurrentTestResult { ExitCode = ConcurrentTestExitCode.Success, Reason = "All tests passed.", ResultsDirectory = folder };

        (await ConcurrentTestRun.JudgeAsync(run, _ => null)).ShouldBe(run);
        (await ConcurrentTestRun.JudgeAsync(run, _ => "the budget is spent")).ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);

        (await File.ReadAllTextAsync(seal, Cancellation)).ShouldBe("of somebody else");
    }

    [Fact]
    public async Task A_part_whose_seal_cannot_say_that_it_failed_is_told()
    {
        var folder = _parts.Write(new WrittenTry(1));
        var part = new ConcurrentTestResult { ExitCode = ConcurrentTestExitCode.Success, Reason = "All tests passed.", ResultsDirectory = folder };
        await using var another = ResultsDirectory.Claim(new ConcurrentTestSettings { ResultsDirectory = folder, RootDirectory = folder, WorkingDirectory = folder });

        (await ConcurrentTestRun.JudgeAsync(part, _ => null)).ShouldBe(part);

        var told = await ConcurrentTestRun.JudgeAsync(part, _ => "the budget is spent").ShouldThrowAsync<ConcurrentTestException>();

        told.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        told.Message.ShouldStartWith("the budget is spent, and ");
        told.Message.ShouldContain("must not be merged");
    }

    [Theory]
    [InlineData("twice in one attempt")]
    [InlineData("jobs of several names")]
    [InlineData("several systems")]
    [InlineData("several commits")]
    public async Task Another_jobs_part_replaces_none(string flaw)
    {
        var red = Failing(2) with { Run = "try-1", Attempt = 1 };
        var green = new WrittenTry(2) { Run = "try-2", Minutes = 5, Attempt = 2 };
        green = flaw switch
        {
            "twice in one attempt" => green with { Attempt = 1 },
            "jobs of several names" => green with { Job = "other" },
            "several systems" => green with { Platform = "Windows X64" },
            _ => green with { Commit = "facade" },
        };

        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(green), _parts.Write(new WrittenTry(3)), _parts.Write(red)]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete, result.Reason);
        result.Reason.ShouldContain(flaw);
        result.Reason.ShouldContain("part 2/3 of run try-1");
    }

    [Fact]
    public async Task Parts_that_an_earlier_version_wrote_are_merged()
    {
        var result = await MergeAsync([.. _parts.Plan.Parts.Select(part => _parts.Write(new WrittenTry(part.Part) { Job = null, Platform = null, Commit = null, Settings = null }))]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
        File.ReadAllText(Path.Combine(_parts.Parts, "part-1-run-1", ArtifactNames.Part)).ShouldNotContain("platform");
    }

    [Theory]
    [InlineData("--test-configuration", "Release", "the parts differ in --test-configuration: Debug in part 1, Release in part 2")]
    [InlineData("--test-filter", "71fb6a9c", "the parts differ in --test-filter: none in part 1, 71fb6a9c in part 2")]
    public async Task Parts_that_tested_in_different_ways_are_not_one_run(string setting, string value, string told)
    {
        var other = new WrittenTry(2) { Settings = new WrittenTry(2).Settings!.SetItem(setting, value) };

        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(other), _parts.Write(new WrittenTry(3))]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete, result.Reason);
        result.Reason.ShouldContain(told);
    }

    [Fact]
    public async Task A_try_that_was_replaced_may_have_tested_in_another_way()
    {
        var earlier = new WrittenTry(2) { Run = "try-1", Attempt = 1, Settings = new WrittenTry(2).Settings!.SetItem("--test-configuration", "Release") };

        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(earlier), _parts.Write(new WrittenTry(2) { Run = "try-2", Attempt = 2 }), _parts.Write(new WrittenTry(3) { Settings = null })]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
    }

    [Fact]
    public async Task A_killed_try_is_replaced_by_one_that_came_to_its_end()
    {
        var killed = _parts.Write(new WrittenTry(2) { Run = "try-1", KilledAfter = 8 });
        var nothing = Directory.CreateDirectory(Path.Combine(_parts.Parts, "nothing")).FullName;
        await File.WriteAllTextAsync(Path.Combine(nothing, "run.log"), "", Cancellation);

        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(new WrittenTry(3)), nothing, killed, _parts.Write(new WrittenTry(2) { Run = "try-2", Minutes = 5 })]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
        Artifact("run.json").ShouldContain("and did not come to its end");
        Artifact("run.json").ShouldContain("part-without-results");
    }

    [Fact]
    public async Task A_killed_part_is_reported_as_far_as_it_came()
    {
        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(new WrittenTry(2) { KilledAfter = 9 }), _parts.Write(new WrittenTry(3))]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        result.Reason.ShouldContain("part 2/3 of run run-2 on machine-2");
        result.Reason.ShouldContain("did not come to its end");
        result.Tests.Count.ShouldBe(_parts.Plan.Tests);
    }

    [Fact]
    public async Task What_the_hosts_of_a_killed_part_wrote_is_not_copied_since_nobody_took_the_secrets_out_of_it()
    {
        var killed = _parts.Write(new WrittenTry(2) { KilledAfter = 20 });
        foreach (var name in new[] { "batch-0001.trx", "vstest-1.log" })
            await File.WriteAllTextAsync(Path.Combine(killed, "worker-1", name), "s3cret", Cancellation);

        await MergeAsync([_parts.Write(new WrittenTry(1)), killed, _parts.Write(new WrittenTry(3))]);

        Artifact("worker-3", "note.txt").ShouldBe("of part 2");
        Directory.EnumerateFiles(_parts.Results, "*", SearchOption.AllDirectories).ShouldAllBe(file => !File.ReadAllText(file).Contains("s3cret"));
    }

    [Fact]
    public async Task A_test_whose_name_lost_a_secret_in_the_journal_is_the_one_of_the_plan()
    {
        using var parts = new WrittenParts(names: "Connects(\"Host=db;Password=Pa55-w0rd\")");

        var result = await PartMerge.RunAsync(parts.Settings(parts.WriteAll()), NullLogger.Instance, _ => null, Cancellation);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
        result.Tests.ShouldContain(test => test.Name.Contains("***", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_holds_the_parts_stands_for_them()
    {
        _parts.WriteAll();

        var result = await MergeAsync([_parts.Parts]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, result.Reason);
    }

    [Fact]
    public async Task What_is_there_is_reported_also_where_a_part_is_missing()
    {
        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(new WrittenTry(3))]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        result.Reason.ShouldContain($"1 of 3 parts is missing: 2 with {_parts.Plan.Parts[1].Tests} tests");
        result.Passed.ShouldBe(_parts.Plan.Parts[0].Tests + _parts.Plan.Parts[2].Tests);
    }

    [Theory]
    [InlineData(ConcurrentTestExitCode.Incomplete)]
    [InlineData(ConcurrentTestExitCode.Cancelled)]
    public async Task A_part_that_is_incomplete_itself_makes_the_run_incomplete(ConcurrentTestExitCode exitCode)
    {
        var result = await MergeAsync([_parts.Write(new WrittenTry(1)), _parts.Write(new WrittenTry(2) { ExitCode = exitCode }), _parts.Write(new WrittenTry(3))]);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        result.Reason.ShouldContain("part 2/3 of run run-2 on machine-2");
    }

    [Fact]
    public async Task The_plan_that_is_given_must_be_that_of_the_parts()
    {
        using var other = new WrittenParts(id: "another");
        var plan = Path.Combine(other.Write(new WrittenTry(1)), ArtifactNames.Plan);

        var result = await PartMerge.RunAsync(_parts.Settings(_parts.WriteAll()) with { PlanFile = plan }, NullLogger.Instance, _ => null, Cancellation);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        result.Reason.ShouldContain("is of another plan than --test-plan");
        Artifact("junit.xml").ShouldContain("is of another plan than --test-plan");
    }

    [Fact]
    public async Task Whole_parts_of_an_earlier_pipeline_are_no_success_of_a_later_one_unless_their_plan_is_given()
    {
        var folders = _parts.WriteAll();

        var stale = await MergeAsync("78", _parts.Settings(folders));
        var own = await MergeAsync("77", _parts.Settings(folders));
        var meant = await MergeAsync("78", _parts.Settings(folders) with { PlanFile = Path.Combine(folders[0], ArtifactNames.Plan) });

        stale.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        stale.Reason.ShouldContain("is of pipeline 77, and this merge of 78");
        own.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, own.Reason);
        meant.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, meant.Reason);

        static Task<ConcurrentTestResult> MergeAsync(string pipeline, ConcurrentTestSettings settings) =>
            PartMerge.RunAsync(settings, NullLogger.Instance, name => name == "BUILD_BUILDID" ? pipeline : null, Cancellation);
    }

    [Fact]
    public async Task A_plan_that_says_nothing_of_its_day_does_not_make_parts_of_an_earlier_pipeline_todays()
    {
        using var byHash = new WrittenParts(id: null);
        var folders = byHash.WriteAll();

        var stale = await PartMerge.RunAsync(
            byHash.Settings(folders) with { PlanFile = Path.Combine(folders[0], ArtifactNames.Plan) }, NullLogger.Instance, name => name == "BUILD_BUILDID" ? "78" : null, Cancellation);

        stale.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete, stale.Reason);
        stale.Reason.ShouldContain("is of pipeline 77, and this merge of 78: begin with an empty folder.");
    }

    [Fact]
    public async Task Nothing_to_merge_is_a_wrong_setting() =>
        (await Should.ThrowAsync<ConcurrentTestException>(() => MergeAsync([]))).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);

    [Fact]
    public async Task A_part_is_not_overwritten_by_the_merge() =>
        (await Should.ThrowAsync<ConcurrentTestException>(() => MergeAsync([_parts.Results]))).Message.ShouldContain("--test-results-directory");

    [Fact]
    public async Task Two_hundred_ways_to_spoil_the_parts_are_all_incomplete()
    {
        for (var seed = 0; seed < Ways; seed++)
        {
            using var spoilt = new SpoiltParts(new Random(seed));

            var result = await PartMerge.RunAsync(spoilt.Settings, NullLogger.Instance, _ => null, Cancellation);

            result.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete, $"seed {seed}: {spoilt.What}");
        }
    }

    [Fact]
    public async Task The_same_parts_are_whole_where_nothing_is_spoilt()
    {
        for (var seed = 0; seed < Ways / 10; seed++)
        {
            var random = new Random(seed);
            using var parts = new WrittenParts(parts: random.Next(2, 5), classes: random.Next(8, 14), isRich: true);
            var folders = parts.WriteAll();

            var result = await PartMerge.RunAsync(parts.Settings(folders), NullLogger.Instance, _ => null, Cancellation);

            result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, $"seed {seed}: {result.Reason}");
            result.Passed.ShouldBe(parts.Plan.Tests + parts.Plan.All.Count(test => test.Name == "Test1"), "some tests have a second row");
            result.Skipped.ShouldBe(parts.Plan.All.Count(test => test.IsExplicit));
            var trx = await File.ReadAllTextAsync(Path.Combine(parts.Results, "test-results.trx"), Cancellation);
            trx.Split("<StdOut>said Test0").Length.ShouldBe(1 + parts.Plan.All.Count(test => test.Name == "Test0"), "the hosts' own results");
            using var timings = JsonDocument.Parse(await File.ReadAllTextAsync(parts.Settings().TimingsFile, Cancellation));
            timings.RootElement.GetProperty("tests").EnumerateObject().Select(test => test.Name)
                .ShouldBe(parts.Plan.All.Select(test => test.ToString()).Append("Other (net10.0)/Other.Pays"), ignoreOrder: true);
            timings.RootElement.GetProperty("assemblies").GetProperty("Shop.Tests (net10.0)").GetProperty("content").GetString().ShouldBe("built");
        }
    }

    private WrittenTry Failing(int part)
    {
        var failing = _parts.Plan.Parts[part - 1].Classes[0];
        return new WrittenTry(part) { Failing = $"{failing.Class}.{failing.Tests[0]}" };
    }

    private string Artifact(params string[] names) => File.ReadAllText(Path.Combine([_parts.Results, .. names]));

    private Dictionary<string, double> NextDurations()
    {
        using var timings = JsonDocument.Parse(File.ReadAllText(_parts.Settings().TimingsFile));
        return timings.RootElement.GetProperty("tests").EnumerateObject().ToDictionary(test => test.Name, test => test.Value.GetProperty("seconds").GetDouble());
    }

    private Task<ConcurrentTestResult> MergeAsync(IEnumerable<string> folders) => PartMerge.RunAsync(_parts.Settings(folders), NullLogger.Instance, _ => null, Cancellation);
}
