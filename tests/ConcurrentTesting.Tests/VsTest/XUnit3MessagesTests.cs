using System.Buffers;
using System.Text;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class XUnit3MessagesTests : IDisposable
{
    private const string Case = "\"TestCaseUniqueID\":\"case\"";
    private const string Test = Case + ",\"TestUniqueID\":\"test\"";

    private readonly string _folder = Directory.CreateTempSubdirectory("xunit3-").FullName;
    private readonly Events _events = new();
    private readonly HostRunHandler _handler;
    private readonly XUnit3Messages _messages;

    public XUnit3MessagesTests()
    {
        _handler = new HostRunHandler(TestFramework.XUnit3, _events, trx: null);
        var known = new TestCase("Shop.Orders.Adds", new Uri("executor://x"), "/shop/a.dll") { DisplayName = "Shop.Orders.Adds" };
        _messages = new XUnit3Messages(_handler, new Dictionary<string, TestCase> { ["case"] = known }, new XUnit3Attachments(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Test_is_told_when_it_has_finished_with_what_it_wrote()
    {
        Say("test-case-starting", Case + ",\"TestCaseDisplayName\":\"Shop.Orders.Adds\"");
        Say("test-starting", Test + ",\"TestDisplayName\":\"Shop.Orders.Adds(row: 1)\",\"StartTime\":\"2026-03-02T10:00:00+00:00\"");
        Say("test-passed", Test + ",\"ExecutionTime\":0.25,\"FinishTime\":\"2026-03-02T10:00:01+00:00\",\"Output\":\"said\\n\"");
        _events.Results.ShouldBeEmpty();

        Say("test-finished", Test);

        var result = _events.Results.ShouldHaveSingleItem();
        result.DisplayName.ShouldBe("Shop.Orders.Adds(row: 1)");
        result.Outcome.ShouldBe(ConcurrentTesting.Record.TestOutcome.Passed);
        result.Duration.ShouldBe(TimeSpan.FromMilliseconds(250));
        result.StartedAt.ShouldBe(new DateTimeOffset(2026, 3, 2, 10, 0, 0, TimeSpan.Zero));
        result.StandardOutput.ShouldBe("said\n");
        _messages.HasFailures.ShouldBeFalse();
    }

    [Fact]
    public void Case_is_active_from_its_start_to_its_end()
    {
        Say("test-case-starting", Case);
        _events.Active.ShouldBe(["Shop.Orders.Adds"]);

        Say("test-case-finished", Case);

        _events.Active.ShouldBeEmpty();
    }

    [Fact]
    public void Inner_exceptions_stand_below_with_their_types_and_without_frames_of_xunit()
    {
        Say("test-failed", Test + """
            ,"ExceptionParentIndices":[-1,0,0],"ExceptionTypes":["System.AggregateException","System.FormatException","Xunit.Sdk.TrueException"],
            "Messages":["several","no number","Assert.True() Failure"],"StackTraces":["   at A.B()\n   at Xunit.v3.Runner.Run()","   at C.D()",null]
            """);
        Say("test-finished", Test);

        var result = _events.Results.ShouldHaveSingleItem();
        result.Outcome.ShouldBe(ConcurrentTesting.Record.TestOutcome.Failed);
        result.Message.ShouldBe("System.AggregateException : several\n---- System.FormatException : no number\n---- Assert.True() Failure");
        result.StackTrace.ShouldBe(
            "   at A.B()\n----- Inner Stack Trace #1 (System.FormatException) -----\n   at C.D()\n----- Inner Stack Trace #2 (Xunit.Sdk.TrueException) -----\n");
    }

    [Theory]
    [InlineData("test-skipped", ",\"Reason\":\"later\"", "later")]
    [InlineData("test-not-run", "", null)]
    public void Test_that_did_not_run_is_skipped(string type, string more, string? reason)
    {
        Say(type, Test + more);
        Say("test-finished", Test);

        var result = _events.Results.ShouldHaveSingleItem();
        result.Outcome.ShouldBe(ConcurrentTesting.Record.TestOutcome.Skipped);
        result.Message.ShouldBe(reason);
    }

    [Fact]
    public void Clean_up_that_failed_is_an_error_with_its_details_in_further_lines()
    {
        Say("test-class-starting", "\"TestClassUniqueID\":\"class\",\"TestClassName\":\"Shop.Orders\"");
        Say(
            "test-class-cleanup-failure",
            "\"TestClassUniqueID\":\"class\",\"ExceptionParentIndices\":[-1],\"ExceptionTypes\":[\"System.Exception\"],\"Messages\":[\"it broke\"],\"StackTraces\":[\"   at A.B()\"]");

        _events.Messages[0].Level.ShouldBe(HostMessageLevel.Error);
        _events.Messages[0].Text.ShouldEndWith("]    [Test Class Cleanup Failure (Shop.Orders)] System.Exception");
        _events.Messages.Skip(1).ShouldAllBe(message => message.Level == HostMessageLevel.Information);
        string.Join('|', _events.Messages.Skip(1).Select(message => message.Text.Split(']')[1].Trim()))
            .ShouldBe("System.Exception : it broke|Stack Trace:|at A.B()");
        _messages.HasFailures.ShouldBeTrue();
    }

    [Fact]
    public void Failed_clean_up_of_a_test_is_one_more_result_of_it_as_the_adapter_tells_it()
    {
        Say("test-case-starting", Case + ",\"TestCaseDisplayName\":\"Shop.Orders.Adds\"");
        Say("test-starting", Test + ",\"TestDisplayName\":\"Shop.Orders.Adds\"");
        Say("test-passed", Test);
        Say(
            "test-cleanup-failure",
            Test + ",\"ExceptionParentIndices\":[-1],\"ExceptionTypes\":[\"System.Exception\"],\"Messages\":[\"it broke\"],\"StackTraces\":[\"   at A.B()\"]");
        Say("test-finished", Test);
        Say("test-case-finished", Case);

        _events.Results.Select(result => result.Outcome)
            .ShouldBe([ConcurrentTesting.Record.TestOutcome.Passed, ConcurrentTesting.Record.TestOutcome.Failed]);
        _events.Results[1].DisplayName.ShouldBe("Shop.Orders.Adds");
        _events.Results[1].Message.ShouldBe("[Test Cleanup Failure (Shop.Orders.Adds)]: System.Exception : it broke");
        _events.Results[1].StackTrace.ShouldBe("   at A.B()");
    }

    [Fact]
    public void Result_of_a_test_that_nobody_asked_for_is_an_error()
    {
        Say("test-case-starting", "\"TestCaseUniqueID\":\"other\",\"TestCaseDisplayName\":\"Shop.Other\"");

        _events.Messages.ShouldHaveSingleItem().Text.ShouldContain("Result reported for unknown test case: Shop.Other");
    }

    [Fact]
    public void Attachments_are_files_of_the_result_with_names_that_the_system_takes()
    {
        Say("test-passed", Test);
        Say("test-finished", Test + ",\"Attachments\":{\"a/b: c\":\"s:text\",\"pixels\":\"b:image/png;AQID\",\"broken\":\"x\"}");

        var files = _events.Results.ShouldHaveSingleItem().Attachments;
        files.Select(Path.GetFileName).ShouldBe(["a_b: c.txt", "pixels.png"]);
        File.ReadAllText(files[0]).ShouldBe("text");
        File.ReadAllBytes(files[1]).ShouldBe([1, 2, 3]);
        _events.Messages.ShouldHaveSingleItem().Text.ShouldContain("The attachment broken of Shop.Orders.Adds cannot be saved");
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_name_is_kept()
    {
        Say("test-starting", Test + ",\"TestDisplayName\":\"half \\ud800 \\t\\\"x\\\"\"");
        Say("test-passed", Test);
        Say("test-finished", Test);

        _events.Results.ShouldHaveSingleItem().DisplayName.ShouldBe("half \ud800 \t\"x\"");
    }

    [Fact]
    public void Result_whose_end_could_not_be_read_is_told_with_its_cases_end()
    {
        Say("test-failed", Test + ",\"Messages\":[\"broke\"]");
        Say("test-case-finished", Case);

        _events.Results.ShouldHaveSingleItem().Message.ShouldBe("broke");
    }

    [Fact]
    public void Failure_that_could_not_be_read_is_not_forgotten()
    {
        Say("test-assembly-finished", "\"TestsFailed\":1");

        _events.Messages.ShouldHaveSingleItem().Level.ShouldBe(HostMessageLevel.Error);
        _events.Messages[0].Text.ShouldContain("1 test failed, but what was said of 1 could not be read.");
    }

    [Fact]
    public void Case_of_several_rows_is_no_longer_active_after_its_first()
    {
        Say("test-case-starting", Case);
        Say("test-passed", Test);
        Say("test-finished", Test);

        _events.Active.ShouldBeEmpty();
    }

    [Fact]
    public void What_a_test_wrote_before_a_message_is_passed_over()
    {
        using var message = XUnit3Json.Parse(new ReadOnlySequence<byte>("raw {\"x\" {\"$type\":\"test-passed\"}"u8.ToArray()));

        message!.RootElement.Text("$type").ShouldBe("test-passed");
        XUnit3Json.Parse(new ReadOnlySequence<byte>("raw"u8.ToArray())).ShouldBeNull();
    }

    [Fact]
    public void Error_beside_the_tests_is_kept_for_the_end()
    {
        Say("diagnostic", "\"Message\":\"error: no such option\"");

        _messages.LastError.ShouldBe("error: no such option");
        _messages.HasBegun.ShouldBeFalse();
    }

    [Fact]
    public void Control_characters_in_a_name_are_read_as_xunit_writes_them()
    {
        using var message = XUnit3Json.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes("{\"$type\":\"x\",\"name\":\"row \u0001\t.\"}")));

        message!.RootElement.Text("name").ShouldBe("row \u0001\t.");
        XUnit3Json.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes("{\"name\":\u0001"))).ShouldBeNull();
    }

    [Theory]
    [InlineData("0", false)]
    [InlineData("2", true)]
    public void Failures_are_those_of_the_whole_assembly(string failed, bool hasFailures)
    {
        Say("test-assembly-finished", $"\"TestsFailed\":{failed}");

        _messages.IsFinished.ShouldBeTrue();
        _messages.HasFailures.ShouldBe(hasFailures);
    }

    private void Say(string type, string content)
    {
        using var message = JsonDocument.Parse(Encoding.UTF8.GetBytes($"{{\"$type\":\"{type}\",{content}}}"));
        _messages.Take(message.RootElement);
    }

    private sealed class Events : IHostEvents
    {
        public List<HostResult> Results { get; } = [];

        public List<string> Active { get; private set; } = [];

        public List<(HostMessageLevel Level, string Text)> Messages { get; } = [];

        public void ResultArrived(HostResult result) => Results.Add(result);

        public void ActiveTests(IReadOnlyCollection<ToldTest> tests) => Active = [.. tests.Select(test => test.DisplayName)];

        public void Message(HostMessageLevel level, string text) => Messages.Add((level, text));
    }
}
