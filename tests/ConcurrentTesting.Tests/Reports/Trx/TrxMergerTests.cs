using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Trx;

public sealed class TrxMergerTests : IDisposable
{
    private static readonly (string Asset, TestFramework Framework)[] Suites =
    [
        ("xunit2.trx", TestFramework.XUnit2), ("xunit3.trx", TestFramework.XUnit3), ("nunit.trx", TestFramework.NUnit), ("mstest.trx", TestFramework.MSTest),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Four_frameworks_merge_into_the_sum_of_their_files()
    {
        var merged = MergedTrx.Of(AllSuites());

        var inputs = Suites.Select(suite => XDocument.Load(RecordedRun.Asset(suite.Asset))).ToList();
        foreach (var counter in new[] { "total", "executed", "passed", "failed" })
        {
            merged.Counter(counter).ShouldBe(inputs.Sum(input => (int)input.Descendants().Single(element => element.Name.LocalName == "Counters").Attribute(counter)!));
        }

        merged.SummaryOutcome.ShouldBe("Failed");
        merged.Incidents.ShouldBeEmpty();
        ExecutionIds(merged.Document).ShouldBe(inputs.SelectMany(ExecutionIds), ignoreOrder: true);
        merged.Results.Count(row => row.Attribute("outcome")!.Value == "NotExecuted").ShouldBe(merged.Counter("notExecuted"));
    }

    [Fact]
    public void Every_row_has_its_definition_and_its_entry()
    {
        var merged = MergedTrx.Of(AllSuites());

        var definitions = merged.Definitions.Select(unit => unit.Attribute("id")!.Value).ToList();
        definitions.ShouldBeUnique();
        merged.Results.Select(row => row.Attribute("testId")!.Value).Distinct().ShouldBe(definitions, ignoreOrder: true);
        merged.Entries.Select(entry => (entry.Attribute("testId")!.Value, entry.Attribute("executionId")!.Value))
            .ShouldBe(merged.Results.Select(row => (row.Attribute("testId")!.Value, row.Attribute("executionId")!.Value)), ignoreOrder: true);
        ExecutionIds(merged.Document).ShouldBeUnique();
    }

    [Fact]
    public void Elements_stand_in_the_order_of_the_format()
    {
        var merged = MergedTrx.Of(AllSuites());

        merged.Document.Root!.Name.NamespaceName.ShouldBe("http://microsoft.com/schemas/VisualStudio/TeamTest/2010");
        merged.Document.Root.Elements().Select(element => element.Name.LocalName)
            .ShouldBe(["Times", "TestSettings", "Results", "TestDefinitions", "TestEntries", "TestLists", "ResultSummary"]);
        merged.Document.Descendants().ShouldAllBe(element => element.Name.NamespaceName == "http://microsoft.com/schemas/VisualStudio/TeamTest/2010");
        merged.All("ResultSummary").Single().Elements().Select(element => element.Name.LocalName).ShouldBe(["Counters", "Output", "RunInfos"]);
    }

    [Fact]
    public void What_only_VSTest_knows_is_carried_across()
    {
        var merged = MergedTrx.Of(AllSuites());

        var definition = merged.Definitions.Single(unit => unit.Attribute("priority")?.Value == "2");
        definition.Elements().Select(element => element.Name.LocalName).ShouldBe(["Owners", "TestCategory", "Execution", "TestMethod"]);
        merged.All("RunInfo").Select(info => MergedTrx.Text(info, "Text")).ShouldContain("Setup failed for test fixture Shop.Tests.BrokenTests");
        merged.All("ResultSummary").Descendants().First(element => element.Name.LocalName == "StdOut").Value.ShouldContain("NUnit Adapter 6.3.1.0: Test execution started");
    }

    [Fact]
    public void An_emoji_that_the_logger_escaped_is_an_emoji_again()
    {
        var merged = MergedTrx.Of(AllSuites());

        merged.Results.Select(row => row.Attribute("testName")!.Value).ShouldContain("""Shop.Tests.BasketTests.Odd(s: "😀 <&>\"'")""");
        merged.Results.Select(row => row.Attribute("testName")!.Value).ShouldContain("""Odd ("😀 <&>\"'")""");
        merged.All("StdOut").Select(output => output.Value).ShouldContain("said by NUnit 😀");
    }

    [Fact]
    public void A_row_without_a_name_that_is_known_is_found_by_its_test_and_named_after_it()
    {
        var names = new[] { "Adds", "Removes" };
        Write("worker-0/batch.trx", string.Concat(names.Select(name => TrxSnippet.Row($"<unknown test ID {name}>", stdOut: name, testId: name))));

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [.. names.Select(TrxSnippet.Test)], Batch(0, "worker-0/batch.trx")));

        foreach (var name in names)
            MergedTrx.Text(merged.Result(TrxSnippet.Test(name).FullName), "StdOut").ShouldBe(name);
    }

    [Theory]
    [InlineData("07:00:00.0000000", "00:00:00.0100000")]
    [InlineData("00:00:00.0123456", "00:00:00.0123456")]
    public void A_duration_that_the_run_did_not_believe_is_not_in_the_merged_file(string told, string merged)
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Waits").Replace("00:00:00.0100000", told, StringComparison.Ordinal));

        var row = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Waits")], Batch(0, "worker-0/batch.trx"))).Result("Waits");

        row.Attribute("duration")!.Value.ShouldBe(merged);
    }

    [Fact]
    public void What_looks_like_an_escape_and_is_the_tests_own_text_stays()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Prints_json", stdOut: """{"face":"\ud83d\ude00"}"""));
        var test = TrxSnippet.Test("Prints_json") with { Attempts = [RecordedRun.Attempt() with { StandardOutput = """{"face":"\ud83d\ude00"}""" }] };

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [test], Batch(0, "worker-0/batch.trx")));

        MergedTrx.Text(merged.Result("Prints_json"), "StdOut").ShouldBe("""{"face":"\ud83d\ude00"}""");
    }

    [Fact]
    public void Attachments_move_into_the_results_and_stay_where_they_were()
    {
        var trx = _folder.Copy("nunit.trx", "worker-1", "batch.trx");
        const string Original = "_build-1_2026-11-22_14_48_34/In/6e220816-25d9-47c7-8e96-d4a43b0b3470/build-1/note.txt";
        _folder.Copy(Original, ["worker-1", .. Original.Split('/')]);
        var record = RecordedRun.Of(_folder.Path, RecordedRun.Suite(trx, RecordedRun.Assembly(TestFramework.NUnit), 0), RecordedRun.Batch(0, trx));

        var merged = MergedTrx.Of(record);

        var row = merged.Result("Attaches");
        var path = row.Descendants().Single(element => element.Name.LocalName == "ResultFile").Attribute("path")!.Value;
        var root = merged.All("Deployment").Single().Attribute("runDeploymentRoot")!.Value;
        var relocated = Path.Combine(_folder.Path, root, "In", row.Attribute("relativeResultsDirectory")!.Value, path);
        File.ReadAllText(relocated).ShouldBe("a note");
        File.Exists(_folder.File(["worker-1", .. Original.Split('/')])).ShouldBeTrue();
        merged.Incidents.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/etc/hostname")]
    [InlineData("../../../../../../../../etc/hostname")]
    public void An_attachment_outside_the_results_is_not_taken(string path)
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Attaches", files: [path]));

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Attaches")], Batch(0, "worker-0/batch.trx")));

        merged.All("ResultFile").ShouldBeEmpty();
        Directory.Exists(Path.Combine(_folder.Path, "attachments")).ShouldBeFalse();
        merged.Incidents.Single().Kind.ShouldBe("attachment-lost");
        merged.Incidents.Single().Message.ShouldContain("outside the results folder");
    }

    [Fact]
    public void A_file_that_lies_where_an_attachment_goes_is_not_overwritten()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Attaches", files: ["note.txt"]));
        File.WriteAllText(_folder.File("worker-0", "root", "In", TrxSnippet.ExecutionId("Attaches").ToString(), "note.txt"), "the test's");
        var others = _folder.File("attachments", "In", TrxSnippet.ExecutionId("Attaches").ToString(), "note.txt");
        File.WriteAllText(others, "somebody's");

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Attaches")], Batch(0, "worker-0/batch.trx")));

        File.ReadAllText(others).ShouldBe("somebody's");
        merged.All("ResultFile").Single().Attribute("path")!.Value.ShouldBe("note[1].txt");
    }

    [Fact]
    public void Two_attachments_of_one_name_are_both_kept()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Attaches", files: ["a/note.txt", "b/note.txt"]));
        File.WriteAllText(_folder.File("worker-0", "root", "In", TrxSnippet.ExecutionId("Attaches").ToString(), "a", "note.txt"), "first");
        File.WriteAllText(_folder.File("worker-0", "root", "In", TrxSnippet.ExecutionId("Attaches").ToString(), "b", "note.txt"), "second");

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Attaches")], Batch(0, "worker-0/batch.trx")));

        merged.All("ResultFile").Select(file => File.ReadAllText(Path.Combine(_folder.Path, "attachments", "In", TrxSnippet.ExecutionId("Attaches").ToString(), file.Attribute("path")!.Value)))
            .ShouldBe(["first", "second"]);
    }

    [Fact]
    public void The_same_test_of_two_target_frameworks_gets_two_definitions()
    {
        var net10 = RecordedRun.Assembly(TestFramework.NUnit, "net10.0");
        var net8 = RecordedRun.Assembly(TestFramework.NUnit, "net8.0");
        var first = _folder.Copy("nunit.trx", "worker-0", "batch-0.trx");
        var second = _folder.File("worker-1", "batch-1.trx");
        File.WriteAllText(second, File.ReadAllText(first).Replace("net10.0", "net8.0", StringComparison.Ordinal));
        var record = RecordedRun.Of(
            _folder.Path,
            [.. RecordedRun.Suite(first, net10, 0), .. RecordedRun.Suite(second, net8, 1)],
            RecordedRun.Batch(0, first, assembly: net10),
            RecordedRun.Batch(1, second, assembly: net8));

        var merged = MergedTrx.Of(record);

        merged.Counter("total").ShouldBe(32);
        merged.Definitions.Count.ShouldBe(28);
        merged.Definitions.Select(unit => unit.Attribute("id")!.Value).ShouldBeUnique();
        var storages = merged.Definitions.ToDictionary(unit => unit.Attribute("id")!.Value, unit => unit.Attribute("storage")!.Value);
        merged.Results.CountBy(row => storages[row.Attribute("testId")!.Value].Contains("net8.0", StringComparison.Ordinal)).ShouldAllBe(count => count.Value == 16);
        ExecutionIds(merged.Document).ShouldBeUnique();
    }

    [Fact]
    public void Rows_of_one_name_find_their_attempts_by_outcome()
    {
        var trx = _folder.Copy("nunit.trx", "worker-0", "batch.trx");
        var suite = RecordedRun.Suite(trx, RecordedRun.Assembly(TestFramework.NUnit), 0);

        // The record heard them in another order than the file has them, and at times that say nothing.
        var heard = suite.OrderBy(test => test.Outcome == TestOutcome.Passed).Select(test => test with { Attempts = [test.Final with { StartedAt = RecordedRun.Start }] });
        var record = RecordedRun.Of(_folder.Path, heard, RecordedRun.Batch(0, trx));
        var rows = MergedTrx.Of(record).Results.Where(row => row.Attribute("testName")!.Value == "Same name").ToList();

        rows.Count.ShouldBe(3);
        rows.Where(row => row.Attribute("outcome")!.Value == "Failed").Single().Descendants().ShouldContain(element => element.Value.Contains("Expected: greater than 0"));
        rows.Where(row => row.Attribute("outcome")!.Value == "Passed").SelectMany(row => row.Descendants()).ShouldBeEmpty();
    }

    [Fact]
    public void A_result_that_the_record_does_not_have_is_not_counted()
    {
        var trx = _folder.Copy("mstest.trx", "worker-0", "batch.trx");
        var suite = RecordedRun.Suite(trx, RecordedRun.Assembly(TestFramework.MSTest), 0);

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, suite.Where(test => test.Name == "Crash"), RecordedRun.Batch(0, trx)));

        merged.Results.Single().Attribute("testName")!.Value.ShouldBe("Crash");
        merged.Definitions.Single().Attribute("name")!.Value.ShouldBe("Crash");
        merged.Counter("total").ShouldBe(1);
        merged.Counter("failed").ShouldBe(0);
    }

    [Fact]
    public void Only_the_final_attempt_has_a_row_and_it_tells_of_the_earlier_ones()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Flaky", "Failed"), "Failed");
        Write("worker-1/batch.trx", TrxSnippet.Row("Flaky"));
        var test = TrxSnippet.Test("Flaky") with
        {
            Attempts =
            [
                RecordedRun.Attempt(TestOutcome.Failed) with { Message = "no connection", StackTrace = "at Flaky()", StandardOutput = "tried" },
                RecordedRun.Attempt(number: 2, batch: 1, worker: 1),
            ],
        };

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [test], Batch(0, "worker-0/batch.trx"), Batch(1, "worker-1/batch.trx")));

        merged.Results.Single().Attribute("outcome")!.Value.ShouldBe("Passed");
        merged.Counter("failed").ShouldBe(0);
        merged.SummaryOutcome.ShouldBe("Completed");
        MergedTrx.Text(merged.Results.Single(), "TextMessages").ShouldBe("Attempt 1 of 2 on worker 0: Failed after 0.01 s\nno connection\nat Flaky()\ntried");
        merged.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public void A_result_whose_file_was_lost_comes_from_the_record()
    {
        var attachment = _folder.File("elsewhere", "note.txt");
        File.WriteAllText(attachment, "a note");
        var crashed = RecordedRun.Test("Crashed") with
        {
            Attempts = [RecordedRun.Attempt(TestOutcome.Error) with { Message = "the host died \u0001😀\ud800", StackTrace = "nowhere", StandardError = "last words", Attachments = [attachment] }],
        };

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [crashed], RecordedRun.Batch(0, trxFile: null, error: "crashed")));

        var row = merged.Result("Shop.Tests.BasketTests.Crashed");
        row.Attribute("outcome")!.Value.ShouldBe("Failed");
        MergedTrx.Text(row, "Message").ShouldBe("the host died \uFFFD😀\uFFFD");
        MergedTrx.Text(row, "StackTrace").ShouldBe("nowhere");
        MergedTrx.Text(row, "StdErr").ShouldBe("last words");
        File.ReadAllText(Path.Combine(_folder.Path, "attachments", "In", row.Attribute("executionId")!.Value, "note.txt")).ShouldBe("a note");
        merged.Counter("failed").ShouldBe(1);
        merged.Definitions.Single().Descendants().Single(element => element.Name.LocalName == "TestMethod").Attribute("className")!.Value.ShouldBe("Shop.Tests.BasketTests");
    }

    [Fact]
    public void The_evidence_of_a_crash_is_carried_across()
    {
        var trx = _folder.Copy("nunit-crash.trx", "worker-0", "batch.trx");
        var lost = RecordedRun.Test("Crash") with { Attempts = [RecordedRun.Attempt(TestOutcome.Error)] };

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [lost], RecordedRun.Batch(0, trx, error: "crashed")));

        merged.All("RunInfo").Select(info => MergedTrx.Text(info, "Text")).ShouldContain(text => text.Contains("Test host process crashed : Process terminated.\ncrashed on purpose"));
        merged.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public void A_test_that_never_ran_has_a_row()
    {
        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Never_ran") with { Attempts = [RecordedRun.Attempt(TestOutcome.Error, batch: -1)] }]));

        merged.Results.Single().Attribute("outcome")!.Value.ShouldBe("Failed");
    }

    [Theory]
    [InlineData(TestOutcome.TimedOut, null, 0, "Kind: timed out")]
    [InlineData(TestOutcome.Failed, AttemptCauses.Crashed, 0, "Kind: crashed")]
    [InlineData(TestOutcome.Error, AttemptCauses.Unfinished, 0, "Kind: unfinished")]
    [InlineData(TestOutcome.Error, null, 0, "Kind: no result")]
    [InlineData(TestOutcome.Error, null, -1, "Kind: not run")]
    [InlineData(TestOutcome.Failed, null, 0, null)]
    [InlineData(TestOutcome.Passed, null, 0, null)]
    internal void A_row_tells_what_kind_of_failure_it_was_where_it_is_not_the_tests_own(TestOutcome outcome, string? cause, int worker, string? told)
    {
        var test = RecordedRun.Test("Pays", RecordedRun.Attempt(outcome, batch: -1, worker: worker) with { Cause = cause });

        MergedTrx.Of(RecordedRun.Of(_folder.Path, [test])).All("TextMessages").Elements().Select(message => message.Value).ShouldBe(told is null ? [] : [told]);
    }

    [Fact]
    public void A_half_written_file_is_an_incident_and_loses_nothing()
    {
        var trx = _folder.Copy("xunit3.trx", "worker-0", "batch.trx");
        var suite = RecordedRun.Suite(trx, RecordedRun.Assembly(), 0);
        var text = File.ReadAllText(trx);
        File.WriteAllText(trx, text[..text.IndexOf("Wrong_total", StringComparison.Ordinal)]);

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, suite, RecordedRun.Batch(0, trx, worker: 3)));

        merged.Counter("total").ShouldBe(9);
        merged.Results.Count.ShouldBe(9);
        merged.Counter("failed").ShouldBe(1);
        var incident = merged.Incidents.Single();
        incident.Kind.ShouldBe("trx-damaged");
        incident.Worker.ShouldBe(3);
        incident.Message.ShouldContain(trx);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not xml at all")]
    [InlineData("<html><body>proxy error</body></html>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><TestRun>&b;</TestRun>")]
    public void A_file_that_is_no_test_results_is_an_incident(string content)
    {
        File.WriteAllText(_folder.File("worker-0", "batch.trx"), content);

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Passes")], Batch(0, "worker-0/batch.trx")));

        merged.Counter("passed").ShouldBe(1);
        merged.Incidents.Single().Kind.ShouldBe("trx-damaged");
    }

    [Fact]
    public void A_missing_file_is_an_incident_unless_its_host_is_known_to_have_died()
    {
        var tests = new[] { TrxSnippet.Test("Passes") };

        MergedTrx.Of(RecordedRun.Of(_folder.Path, tests, Batch(0, "worker-0/gone.trx"))).Incidents.Single().Kind.ShouldBe("trx-missing");
        MergedTrx.Of(RecordedRun.Of(_folder.Path, tests, Batch(0, "worker-0/gone.trx") with { Error = "killed" })).Incidents.ShouldBeEmpty();
    }

    [Fact]
    public void A_run_that_failed_outside_any_test_has_failed()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Passes"), "Failed", "[Test Assembly Cleanup Failure]: disk on fire");

        var test = TrxSnippet.Test("Passes");
        var record = RecordedRun.Of(_folder.Path, [test], Batch(0, "worker-0/batch.trx"));
        var cleanUp = new OutsideFailure
        {
            Kind = OutsideKinds.CleanUp,
            Name = "Assembly clean-up Shop.Tests",
            Assembly = test.Assembly,
            Workers = [0, 1],
            At = record.StartedAt,
            Message = "disk on fire",
        };

        var merged = MergedTrx.Of(record with { Outside = [cleanUp], ExitCode = ConcurrentTestExitCode.TestsFailed });

        merged.SummaryOutcome.ShouldBe("Failed");
        merged.Counter("failed").ShouldBe(1);
        merged.Counter("passed").ShouldBe(1);
        merged.Results.Select(row => row.Attribute("testName")!.Value).ShouldBe(["Passes", "Assembly clean-up Shop.Tests"]);
        merged.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public void A_host_that_calls_its_run_failed_where_the_record_knows_no_reason_is_told_and_decides_nothing()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Passes"), "Failed", "disk on fire");

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Passes")], Batch(0, "worker-0/batch.trx")));

        merged.SummaryOutcome.ShouldBe("Completed");
        merged.Incidents.Single().Kind.ShouldBe("run-error");
        merged.Incidents.Single().Message.ShouldContain("disk on fire");
    }

    [Fact]
    public void Rows_nested_in_the_row_of_their_method_are_rows_of_their_own()
    {
        var inner = TrxSnippet.Row("Row (1)", testId: "Row") + TrxSnippet.Row("Row (2)", "Failed", testId: "Row");
        var outer = TrxSnippet.Row("Row", "Failed").Replace("</UnitTestResult>", $"<InnerResults>{inner}</InnerResults></UnitTestResult>", StringComparison.Ordinal);
        Write("worker-0/batch.trx", outer, "Failed");
        var rows = new[] { "Row (1)", "Row (2)" }.Select(name => TrxSnippet.Test(name) with { CaseId = StableGuid.Of("Row"), MethodName = "Row" }).ToArray();

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, rows, Batch(0, "worker-0/batch.trx")));

        merged.Results.Select(row => row.Attribute("executionId")!.Value).ShouldBe([TrxSnippet.ExecutionId("Row (1)").ToString(), TrxSnippet.ExecutionId("Row (2)").ToString()]);
        merged.All("InnerResults").ShouldBeEmpty();
        merged.Definitions.Count.ShouldBe(1);
    }

    [Fact]
    public void A_row_is_found_by_its_id_where_its_name_differs_and_nothing_else_is_left()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Row(at: 12:00:01)", testId: "Row"));
        var test = TrxSnippet.Test("Row(at: 12:00:00)") with { CaseId = StableGuid.Of("Row") };

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [test], Batch(0, "worker-0/batch.trx")));

        merged.Results.Single().Attribute("executionId")!.Value.ShouldBe(TrxSnippet.ExecutionId("Row(at: 12:00:01)").ToString());
    }

    [Fact]
    public void The_runs_password_is_masked_in_what_tests_printed()
    {
        Write("worker-0/batch.trx", TrxSnippet.Row("Prints", stdOut: "Host=db;Password=hunter22"));
        var record = RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Prints")], Batch(0, "worker-0/batch.trx"));

        var merged = MergedTrx.Of(record with { Settings = record.Settings with { ConnectionString = "Host=db;Username=me;Password=hunter22" } });

        MergedTrx.Text(merged.Results.Single(), "StdOut").ShouldBe("Host=db;Password=***");
    }

    [Fact]
    public void The_same_run_gives_the_same_file()
    {
        var record = AllSuites();
        var lost = record with { Tests = [.. record.Tests, RecordedRun.Test("Lost") with { Attempts = [RecordedRun.Attempt(TestOutcome.Error, batch: 99)] }] };

        MergedTrx.Of(lost).Document.ToString().ShouldBe(MergedTrx.Of(lost).Document.ToString());
    }

    [Fact]
    public void Twenty_two_thousand_results_of_a_hundred_files_merge()
    {
        var batches = Enumerable.Range(0, 100).Select(number => Batch(number, $"worker-{number % 8}/batch-{number}.trx")).ToList();
        var tests = batches.SelectMany(batch => Enumerable.Range(0, 220).Select(row => TrxSnippet.Test($"Test_{batch.Number}_{row}") with
        {
            Attempts = [RecordedRun.Attempt(row == 7 ? TestOutcome.Failed : TestOutcome.Passed, batch: batch.Number)],
        })).ToList();
        foreach (var batch in batches)
        {
            var rows = tests.Where(test => test.Final.Batch == batch.Number).Select(test => TrxSnippet.Row(test.Name, test.Outcome.ToString(), stdOut: "a line of output"));
            Write(Path.GetRelativePath(_folder.Path, batch.TrxFile!), string.Concat(rows), "Failed");
        }

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, tests, batches));

        merged.Counter("total").ShouldBe(22_000);
        merged.Counter("failed").ShouldBe(100);
        merged.Results.Count(row => row.Value == "a line of output").ShouldBe(22_000);
        merged.Definitions.Count.ShouldBe(22_000);
        merged.Incidents.ShouldBeEmpty();
    }

    private RunRecord AllSuites()
    {
        var files = Suites.Select((suite, number) => (Number: number, suite.Framework, File: _folder.File($"worker-{number}", $"batch-{number}.trx"), suite.Asset)).ToList();
        foreach (var file in files)
        {
            File.WriteAllText(file.File, WithoutAttachments(File.ReadAllText(RecordedRun.Asset(file.Asset))));
        }

        return RecordedRun.Of(
            _folder.Path,
            files.SelectMany(file => RecordedRun.Suite(file.File, Assembly(file.Framework), file.Number)),
            files.Select(file => RecordedRun.Batch(file.Number, file.File, assembly: Assembly(file.Framework))));
    }

    /// <summary>The files themselves are no assets, but for one.</summary>
    private static string WithoutAttachments(string trx)
    {
        var document = XDocument.Parse(trx);
        document.Descendants().Where(element => element.Name.LocalName == "ResultFiles").Remove();
        return document.ToString();
    }

    private static TestAssembly Assembly(TestFramework framework) => RecordedRun.Assembly(framework, name: $"Shop.{framework}.Tests");

    private static IEnumerable<string> ExecutionIds(XDocument document) =>
        document.Descendants().Where(element => element.Name.LocalName == "UnitTestResult").Select(row => row.Attribute("executionId")!.Value);

    // A data collector may name its elements as it likes.
    [Fact]
    public void What_is_copied_keeps_its_names_and_its_blanks()
    {
        var file = _folder.File("worker-0", "batch-0.trx");
        File.WriteAllText(
            file, TrxSnippet.File(TrxSnippet.Row("Runs"), "Completed", null).Replace(
                "</ResultSummary>", "<CollectorDataEntries><Collector uri=\"x\"><größe wert=\"5 m\"> <b>1</b> und 2</größe></Collector></CollectorDataEntries></ResultSummary>", StringComparison.Ordinal));

        var merged = MergedTrx.Of(RecordedRun.Of(_folder.Path, [TrxSnippet.Test("Runs")], RecordedRun.Batch(0, file)));

        var copied = merged.All("größe").Single();
        copied.Attribute("wert")!.Value.ShouldBe("5 m");
        copied.Value.ShouldBe("1 und 2");
    }

    private BatchRecord Batch(int number, string trx) => RecordedRun.Batch(number, Path.Combine(_folder.Path, trx));

    private void Write(string trx, string rows, string outcome = "Completed", string? runError = null) =>
        File.WriteAllText(_folder.File(trx.Split('/')), TrxSnippet.File(rows, outcome, runError));
}
