using System.Globalization;
using System.Text;
using System.Xml.Linq;
using System.Xml.Schema;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.JUnit;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Reports.Trx;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.JUnit;

public sealed class JUnitWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_suite_is_a_class_of_an_assembly_and_its_totals_are_those_of_its_cases()
    {
        var document = Write(
            RecordedRun.Test("Passes"),
            RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed)),
            RecordedRun.Test("Is_skipped", RecordedRun.Attempt(TestOutcome.Skipped)) with { ClassName = "Shop.Tests.OrderTests" },
            RecordedRun.Test("Is_lost", RecordedRun.Attempt(TestOutcome.Error)) with { ClassName = "Shop.Tests.OrderTests" },
            RecordedRun.Test("Times_out", RecordedRun.Attempt(TestOutcome.TimedOut)) with { ClassName = "Shop.Tests.OrderTests", Assembly = RecordedRun.Assembly(targetFramework: "net8.0") });

        document.Root!.Elements().Select(Summary).ShouldBe(
        [
            "Shop.Tests.BasketTests in Shop.Tests (net10.0): 2 tests, 1 failures, 0 errors, 0 skipped, 0.020 s",
            "Shop.Tests.OrderTests in Shop.Tests (net10.0): 2 tests, 0 failures, 1 errors, 1 skipped, 0.020 s",
            "Shop.Tests.OrderTests in Shop.Tests (net8.0): 1 tests, 1 failures, 0 errors, 0 skipped, 0.010 s",
        ]);
        Summary(document.Root).ShouldBe("ConcurrentTest in : 5 tests, 2 failures, 1 errors, 1 skipped, 0.050 s");
    }

    [Fact]
    public void A_failure_says_type_message_and_stack_in_its_body()
    {
        var failure = Case(RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with
        {
            Message = "System.InvalidOperationException : no <database>\r\nat all",
            StackTrace = "   at Shop.Tests.BasketTests.Fails() in /repo/tests/BasketTests.cs:line 7",
        })).Element("failure")!;

        failure.Attribute("type")!.Value.ShouldBe("System.InvalidOperationException");
        failure.Attribute("message")!.Value.ShouldBe("System.InvalidOperationException : no <database>\nat all");
        failure.Value.ShouldBe("System.InvalidOperationException : no <database>\nat all\n   at Shop.Tests.BasketTests.Fails() in /repo/tests/BasketTests.cs:line 7");
    }

    [Theory]
    [InlineData(nameof(TestOutcome.Failed), "Assert.Equal() Failure: Values differ", "failure", "Failed")]
    [InlineData(nameof(TestOutcome.Failed), "OneTimeSetUp: SetUp : System.InvalidOperationException : no database", "failure", "System.InvalidOperationException")]
    [InlineData(nameof(TestOutcome.Failed), "Test method Shop.Tests.BasketTests.Fails threw exception: \nShop.NoStockException: none", "failure", "Shop.NoStockException")]
    [InlineData(nameof(TestOutcome.Failed), null, "failure", "Failed")]
    [InlineData(nameof(TestOutcome.TimedOut), null, "failure", "TimedOut")]
    [InlineData(nameof(TestOutcome.Error), "System.InvalidOperationException: in the host", "error", "NoResult")]
    public void Failures_and_errors_have_a_type(string outcome, string? message, string element, string type)
    {
        var problem = Case(RecordedRun.Test("Fails", RecordedRun.Attempt(Enum.Parse<TestOutcome>(outcome)) with { Message = message })).Element(element)!;

        problem.Attribute("type")!.Value.ShouldBe(type);
        problem.Value.ShouldContain(type);
    }

    [Fact]
    public void What_the_strict_format_has_no_place_for_stands_in_the_output()
    {
        var run = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with { StandardOutput = "said" }) with { SourceFile = "/repo/tests/BasketTests.cs", Line = 7 }]);

        var test = Write(run with { Settings = run.Settings with { JUnitFormat = JUnitFormat.Strict } }).Descendants("testcase").Single();

        test.Attribute("file").ShouldBeNull();
        test.Element("properties").ShouldBeNull();
        test.Element("system-out")!.Value.ShouldStartWith("Worker ID: 0\nsaid\nfile: tests/BasketTests.cs:7\nattempt: 1\n");
    }

    [Fact]
    public void The_reason_of_a_skip_is_in_attribute_and_body()
    {
        var skipped = Case(RecordedRun.Test("Is_skipped", RecordedRun.Attempt(TestOutcome.Skipped) with { Message = "no stock" })).Element("skipped")!;

        skipped.Attribute("message")!.Value.ShouldBe("no stock");
        skipped.Value.ShouldBe("no stock");
    }

    [Fact]
    public void A_muted_failure_is_skipped_and_still_says_what_failed()
    {
        var document = Write(RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "no stock", StackTrace = "at Fails()" }) with { Quarantine = "quarantined until 2027-01-31: flaky server" });

        var test = document.Descendants("testcase").Single();
        test.Element("failure").ShouldBeNull();
        test.Element("skipped")!.Attribute("message")!.Value.ShouldBe("quarantined until 2027-01-31: flaky server");
        test.Element("skipped")!.Value.ShouldBe("quarantined until 2027-01-31: flaky server\nFailed: no stock\nat Fails()");
        document.Root!.Attribute("failures")!.Value.ShouldBe("0");
        document.Root.Attribute("skipped")!.Value.ShouldBe("1");
    }

    [Fact]
    public void A_flaky_test_passed_and_shows_each_earlier_attempt()
    {
        var test = Case(RecordedRun.Test(
            "Flaky",
            RecordedRun.Attempt(TestOutcome.Failed) with { Message = "first", StackTrace = "at first", StandardOutput = "said first", StandardError = "cried first" },
            RecordedRun.Attempt(TestOutcome.Error, 2, worker: 1) with { Message = "second" },
            RecordedRun.Attempt(number: 3, worker: 2) with { StandardOutput = "said last" }));

        test.Elements().Select(element => element.Name.LocalName).ShouldBe(["properties", "flakyFailure", "flakyError", "system-out"]);
        var first = test.Element("flakyFailure")!;
        first.Attribute("message")!.Value.ShouldBe("first");
        first.Element("stackTrace")!.Value.ShouldBe("Failed: first\nat first");
        first.Element("system-out")!.Value.ShouldBe("Worker ID: 0\nsaid first");
        first.Element("system-err")!.Value.ShouldBe("cried first");
        test.Element("flakyError")!.Element("system-out")!.Value.ShouldBe("Worker ID: 1");
        test.Element("system-out")!.Value.ShouldBe("Worker ID: 2\nsaid last");
        Property(test, "attempts").ShouldBe("3");
        Property(test, "attempt").ShouldBe("3");
        Property(test, "worker").ShouldBe("2");
    }

    [Fact]
    public void A_test_that_failed_again_shows_its_reruns_beside_the_last_failure()
    {
        var test = Case(RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "first" }, RecordedRun.Attempt(TestOutcome.Failed, 2) with { Message = "last" }));

        test.Elements().Select(element => element.Name.LocalName).ShouldBe(["properties", "failure", "rerunFailure", "system-out"]);
        test.Element("failure")!.Attribute("message")!.Value.ShouldBe("last");
        test.Element("rerunFailure")!.Attribute("message")!.Value.ShouldBe("first");
    }

    [Fact]
    public void As_many_cases_are_flaky_as_the_run_counted()
    {
        var record = RecordedRun.Of(
            _folder.Path,
            from first in Enum.GetValues<TestOutcome>()
            from last in Enum.GetValues<TestOutcome>()
            select RecordedRun.Test($"{first} then {last}", RecordedRun.Attempt(first), RecordedRun.Attempt(last, 2)));

        Write(record).Descendants("testcase").Count(test => test.Element("flakyFailure") is not null && test.Element("skipped") is null).ShouldBe(record.Flaky);
    }

    [Theory]
    [InlineData(0, "0.001")]
    [InlineData(-5, "0.001")]
    [InlineData(0.0000001, "0.001")]
    [InlineData(0.5, "0.500")]
    [InlineData(1234567.5, "1234567.500")]
    public void Times_are_above_zero_and_without_separators_in_any_culture(double seconds, string expected)
    {
        var culture = CultureInfo.CurrentCulture;
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = ",";
        german.NumberFormat.NegativeSign = "−";
        CultureInfo.CurrentCulture = german;
        try
        {
            Case(RecordedRun.Test("Passes", RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(seconds) })).Attribute("time")!.Value.ShouldBe(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Times_of_day_are_UTC()
    {
        var document = Write(RecordedRun.Test("Passes", RecordedRun.Attempt() with { StartedAt = new DateTimeOffset(2026, 11, 22, 1, 2, 3, 4, TimeSpan.FromHours(5)) }));

        document.Descendants("testsuite").Single().Attribute("timestamp")!.Value.ShouldBe("2026-11-21T20:02:03.004Z");
    }

    [Theory]
    [InlineData("/repo/tests/Shop.Tests/BasketTests.cs", "tests/Shop.Tests/BasketTests.cs")]
    [InlineData("/elsewhere/BasketTests.cs", "/elsewhere/BasketTests.cs")]
    [InlineData("/repository/BasketTests.cs", "/repository/BasketTests.cs")]
    public void The_source_file_is_relative_to_the_repository(string file, string expected)
    {
        var test = Case(RecordedRun.Test("Passes") with { SourceFile = file, Line = 17 });

        test.Attribute("file")!.Value.ShouldBe(expected);
        test.Attribute("line")!.Value.ShouldBe("17");
    }

    [Fact]
    public void Names_that_occur_twice_get_a_number_and_keep_the_original_in_a_property()
    {
        var document = Write(RecordedRun.Test("Same"), RecordedRun.Test("Same"), RecordedRun.Test("Same #2"), RecordedRun.Test("Other"));

        document.Descendants("testcase").Select(test => test.Attribute("name")!.Value).ShouldBe(["Other", "Same", "Same #2", "Same #3"]);
        document.Descendants("testcase").Select(test => Property(test, "original-name")).ShouldBe([null, null, null, "Same"]);
    }

    [Fact]
    public void Names_that_only_differ_in_what_no_report_can_hold_are_told_apart()
    {
        var document = Write(RecordedRun.Test("Odd(\u0001)"), RecordedRun.Test("Odd(\u0002)"));

        document.Descendants("testcase").Select(test => test.Attribute("name")!.Value).ShouldBe(["Odd(\uFFFD)", "Odd(\uFFFD) #2"]);
    }

    [Fact]
    public void The_same_test_of_two_target_frameworks_has_two_names()
    {
        var document = Write(RecordedRun.Test("Same"), RecordedRun.Test("Same") with { Assembly = RecordedRun.Assembly(targetFramework: "net8.0") });

        document.Descendants("testcase").Select(test => test.Attribute("name")!.Value).ShouldBe(["Same [Shop.Tests (net10.0)]", "Same [Shop.Tests (net8.0)]"]);
    }

    [Fact]
    public void Worker_database_and_traits_are_properties()
    {
        var test = Case(RecordedRun.Test("Passes", RecordedRun.Attempt(batch: 4, worker: 3) with { Database = "shop_w3" }) with { Traits = [new("Category", "slow"), new("Category", "db")] });

        Property(test, "worker").ShouldBe("3");
        Property(test, "database").ShouldBe("shop_w3");
        Property(test, "batch").ShouldBe("4");
        test.Descendants("property").Where(property => property.Attribute("name")!.Value == "trait.Category").Select(property => property.Attribute("value")!.Value).ShouldBe(["slow", "db"]);
        test.Element("system-out")!.Value.ShouldBe("Worker ID: 3");
    }

    [Fact]
    public void Odd_characters_arrive_whole_or_as_the_replacement_character()
    {
        const string Odd = "😀 <&>\"' ]]> \u0001 \ud800 \uFFFE";
        const string Clean = "😀 <&>\"' ]]> \uFFFD \uFFFD \uFFFD";

        var test = Case(RecordedRun.Test(Odd, RecordedRun.Attempt(TestOutcome.Failed) with { Message = Odd, StackTrace = Odd, StandardOutput = Odd, StandardError = Odd, Database = Odd }));

        test.Attribute("name")!.Value.ShouldBe(Clean);
        test.Element("failure")!.Attribute("message")!.Value.ShouldBe(Clean);
        test.Element("failure")!.Value.ShouldBe($"Failed: {Clean}\n{Clean}");
        test.Element("system-out")!.Value.ShouldBe($"Worker ID: 0\n{Clean}");
        test.Element("system-err")!.Value.ShouldBe(Clean);
        Property(test, "database").ShouldBe(Clean);
    }

    [Fact]
    public void Captured_text_is_capped_and_says_so()
    {
        var megabyte = new string('x', 1024 * 1024);

        var test = Case(RecordedRun.Test("Chatty", RecordedRun.Attempt(TestOutcome.Failed) with { Message = megabyte, StackTrace = megabyte, StandardOutput = megabyte, StandardError = megabyte }));

        Encoding.UTF8.GetByteCount(test.Element("failure")!.Attribute("message")!.Value).ShouldBeLessThanOrEqualTo(16 * 1024);
        Encoding.UTF8.GetByteCount(test.Element("system-err")!.Value).ShouldBeLessThanOrEqualTo(32 * 1024);
        foreach (var text in test.Descendants().Where(element => !element.HasElements && element.Name.LocalName != "property").Select(element => element.Value))
        {
            text.ShouldContain("of 1048576 bytes left out here");
        }
    }

    [Fact]
    public void Attachments_are_where_GitLab_looks_for_them()
    {
        var file = _folder.File("note.txt");
        File.WriteAllText(file, "a note");
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Attaches", RecordedRun.Attempt() with { Attachments = [file] })], RecordedRun.Batch(0));
        record = record with { Settings = record.Settings with { RootDirectory = _folder.Path } };
        var attachments = new AttachmentFolder(_folder.Path);
        var execution = MergedTrx.Of(record, attachments).Results.Single().Attribute("executionId")!.Value;

        var test = Write(record, attachments).Descendants("testcase").Single();

        test.Element("system-out")!.Value.ShouldBe($"Worker ID: 0\n[[ATTACHMENT|attachments/In/{execution}/note.txt]]");
    }

    [Fact]
    public void A_run_without_tests_is_an_empty_document() => Write().Root!.Attribute("tests")!.Value.ShouldBe("0");

    [Theory]
    [InlineData(nameof(ConcurrentTestExitCode.Incomplete))]
    [InlineData(nameof(ConcurrentTestExitCode.Cancelled))]
    public void A_run_that_came_to_no_test_is_one_error(string exitCode)
    {
        var record = RecordedRun.Of(_folder.Path, []) with { ExitCode = Enum.Parse<ConcurrentTestExitCode>(exitCode), Reason = "It does not <build>." };

        var root = Write(record).Root!;

        Summary(root).ShouldStartWith("ConcurrentTest in : 1 tests, 0 failures, 1 errors, 0 skipped");
        root.Descendants("error").Single().Attribute("message")!.Value.ShouldBe("It does not <build>.");
    }

    [Theory]
    [InlineData(nameof(ConcurrentTestExitCode.Incomplete), nameof(TestOutcome.Skipped), 1)]
    [InlineData(nameof(ConcurrentTestExitCode.Cancelled), nameof(TestOutcome.Passed), 1)]
    [InlineData(nameof(ConcurrentTestExitCode.Incomplete), nameof(TestOutcome.Error), 0)]
    [InlineData(nameof(ConcurrentTestExitCode.Success), nameof(TestOutcome.Passed), 0)]
    public void A_run_that_did_not_come_to_its_end_is_an_error_where_no_test_tells_of_it(string exitCode, string outcome, int errors)
    {
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Passes"), RecordedRun.Test("Other", RecordedRun.Attempt(Enum.Parse<TestOutcome>(outcome)))]) with
        {
            ExitCode = Enum.Parse<ConcurrentTestExitCode>(exitCode),
            Reason = "It was stopped.",
        };

        var root = Write(record).Root!;

        root.Descendants("error").Count(error => error.Value == "It was stopped.").ShouldBe(errors);
        root.Attribute("tests")!.Value.ShouldBe(root.Descendants("testcase").Count().ToString(CultureInfo.InvariantCulture));
        root.Attribute("errors")!.Value.ShouldBe(root.Descendants("error").Count().ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void The_suites_of_four_frameworks_keep_to_the_schema()
    {
        var suites = new[] { ("xunit2.trx", TestFramework.XUnit2), ("xunit3.trx", TestFramework.XUnit3), ("nunit.trx", TestFramework.NUnit), ("mstest.trx", TestFramework.MSTest) };
        var record = RecordedRun.Of(_folder.Path, suites.SelectMany(suite => RecordedRun.Suite(RecordedRun.Asset(suite.Item1), RecordedRun.Assembly(suite.Item2, name: $"Shop.{suite.Item2}.Tests"), 0)));

        Write(record).Descendants("testcase").Count().ShouldBe(14 + 9 + 16 + 16);
    }

    [Fact]
    public void Output_is_left_out_of_passed_tests_and_cut_in_failures_before_the_file_is_larger_than_GitLab_takes()
    {
        // The run holds equal texts once, so it takes many of them.
        var output = new string('x', 32_000);
        var failed = RecordedRun.Attempt(TestOutcome.Failed) with { Message = new string('m', 9_000), StackTrace = new string('s', 9_000), StandardOutput = output };
        var tests = Enumerable.Range(0, 3_000).Select(number => RecordedRun.Test($"Test_{number}", number % 3 == 0 ? failed : RecordedRun.Attempt() with { StandardOutput = output }));

        using var stream = new MemoryStream();
        JUnitWriter.Write(RecordedRun.Of(_folder.Path, tests), stream, new AttachmentFolder(_folder.Path), new ReportText(new Redactor()), TestContext.Current.CancellationToken);

        stream.Length.ShouldBeInRange(15_000_000, 30_000_000);
        stream.Position = 0;
        var document = XDocument.Load(stream);
        document.Descendants("testcase").Count().ShouldBe(3_000);
        document.Descendants("failure").ShouldAllBe(failure => failure.Attribute("message")!.Value.StartsWith("mmm"));
        document.Descendants("system-out").ShouldContain(text => text.Value.Contains("are left out here"));
    }

    [Fact]
    public void Twenty_two_thousand_tests_are_written_below_what_GitLab_takes()
    {
        var tests = Enumerable.Range(0, 22_000).Select(number => RecordedRun.Test($"Test_{number}(row: {number % 10})") with { ClassName = $"Shop.Tests.Class_{number / 100}", SourceFile = $"/repo/tests/Shop.Tests/Class_{number / 100}.cs", Line = 7 });

        using var stream = new MemoryStream();
        JUnitWriter.Write(RecordedRun.Of(_folder.Path, tests), stream, new AttachmentFolder(_folder.Path), new ReportText(new Redactor()), TestContext.Current.CancellationToken);

        stream.Length.ShouldBeLessThan(30_000_000);
        stream.Position = 0;
        XDocument.Load(stream).Descendants("testcase").Count().ShouldBe(22_000);
    }

    private static string Summary(XElement suite) =>
        $"{suite.Attribute("name")!.Value} in {suite.Attribute("package")?.Value}: {suite.Attribute("tests")!.Value} tests, {suite.Attribute("failures")!.Value} failures, "
        + $"{suite.Attribute("errors")!.Value} errors, {suite.Attribute("skipped")!.Value} skipped, {suite.Attribute("time")!.Value} s";

    private static string? Property(XElement test, string name) =>
        test.Element("properties")!.Elements().SingleOrDefault(property => property.Attribute("name")!.Value == name)?.Attribute("value")!.Value;

    private XElement Case(TestRecord test) => Write(test).Descendants("testcase").Single();

    private XDocument Write(params TestRecord[] tests) => Write(RecordedRun.Of(_folder.Path, tests));

    /// <summary>Everything that is written here has to keep to the schema.</summary>
    private XDocument Write(RunRecord record, AttachmentFolder? attachments = null)
    {
        using var stream = new MemoryStream();
        JUnitWriter.Write(record, stream, attachments ?? new AttachmentFolder(_folder.Path), new ReportText(new Redactor()), TestContext.Current.CancellationToken);
        stream.Position = 0;
        var document = XDocument.Load(stream, LoadOptions.PreserveWhitespace);
        var schemas = new XmlSchemaSet();
        schemas.Add(null, RecordedRun.Asset(record.Settings.JUnitFormat == JUnitFormat.Strict ? "junit-strict.xsd" : "junit.xsd"));
        var faults = new List<string>();
        document.Validate(schemas, (_, fault) => faults.Add(fault.Message));
        faults.ShouldBeEmpty();
        if (record.Settings.JUnitFormat == JUnitFormat.Full)
            Write(record with { Settings = record.Settings with { JUnitFormat = JUnitFormat.Strict } }, attachments);
        return document;
    }
}
