using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Html;

public sealed partial class HtmlReportTests : IDisposable
{
    private const string Attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&-->]]>";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_page_needs_nothing_from_outside()
    {
        var page = Page(FullRun());

        page.ShouldNotContain("http:");
        page.ShouldNotContain("https:");
        page.ShouldNotContain("<link");
        page.ShouldNotContain(" src=");
        page.ShouldContain("default-src 'none'");
        Links().Matches(page).Select(match => match.Groups[1].Value).ShouldAllBe(link => link.StartsWith('#') || link.StartsWith("attachments/", StringComparison.Ordinal));
        Anchors().Matches(page).Select(match => match.Groups[1].Value).Where(anchor => !anchor.StartsWith("test=", StringComparison.Ordinal)).ShouldAllBe(anchor => page.Contains($"id=\"{anchor}\"", StringComparison.Ordinal));
    }

    [Fact]
    public void The_only_script_that_may_run_is_its_own()
    {
        var page = Page(FullRun());

        var script = Script().Match(page).Groups[1].Value;
        var allowed = AllowedScript().Match(page).Groups[1].Value;
        allowed.ShouldBe(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script))));
    }

    [Fact]
    public void Nothing_that_a_test_says_becomes_markup()
    {
        var hostile = RecordedRun.Attempt(TestOutcome.Failed) with { Message = Attack, StackTrace = Attack, StandardOutput = Attack, StandardError = Attack };
        var test = RecordedRun.Test(Attack, hostile, hostile with { Number = 2 });
        var assembly = test.Assembly with { Path = $"/repo/{Attack.Replace('/', '_')}.dll", TargetFramework = Attack };
        var record = RecordedRun.Of(
            _folder.Path,
            [test with { ClassName = Attack, Assembly = assembly, SourceFile = Attack, Line = 1 }, RecordedRun.Test(Attack, hostile, RecordedRun.Attempt(number: 2))],
            RecordedRun.Batch(0, error: Attack, reason: Attack, assembly: assembly)) with
        {
            RunId = Attack,
            Machine = Attack,
            Reason = Attack,
            Incidents = [new Incident(RecordedRun.Start, Attack, Attack, 0)],
            Database = new DatabaseRecord { Engine = Attack, Template = Attack, Fingerprint = Attack, Counts = ImmutableSortedDictionary<string, long>.Empty.Add(Attack, 1) },
        };

        var page = Page(record);

        page.ShouldNotContain("<script>alert");
        page.ShouldNotContain("<img");
        Regex.Count(page, "<script[ >]").ShouldBe(4);
        Regex.Count(page, "</script>").ShouldBe(4);
        Data(page).GetProperty("tests")[0][0].GetString().ShouldBe(Attack);
    }

    [Fact]
    public void The_list_holds_every_test_failures_first_and_then_the_longest()
    {
        var data = Data(Page(FullRun()));

        data.GetProperty("tests").EnumerateArray().Select(test => test[0].GetString()).ShouldBe(["Fails", "Times_out", "Lost", "Flaky", "Odd(\"😀 \uFFFD\")", "Skipped"]);
        data.GetProperty("tests").EnumerateArray().Select(test => data.GetProperty("outcomes")[test[3].GetInt32()].GetProperty("name").GetString())
            .ShouldBe(["failed", "timed out", "no result", "passed", "passed", "skipped"]);
        data.GetProperty("tests").EnumerateArray().Select(test => test[8].GetInt32()).ShouldBe([1, 2, 3, 0, 0, 0]);
        data.GetProperty("classes").EnumerateArray().Select(name => name.GetString()).ShouldBe(["Shop.Tests.BasketTests"]);
    }

    [Fact]
    public void A_failure_is_told_in_full()
    {
        var page = Page(FullRun());

        page.ShouldContain("<pre tabindex=\"0\">expected 1,\nnot 2</pre>");
        page.ShouldContain("at Fails() in tests/BasketTests.cs:7");
        page.ShouldContain("<code>tests/BasketTests.cs:7</code>");
        page.ShouldContain("said before it failed");
        page.ShouldContain("cried before it failed");
    }

    [Fact]
    public void A_test_that_was_begun_and_is_unfinished_is_told_as_such()
    {
        var begun = RecordedRun.Attempt(TestOutcome.Error, worker: 1) with { Message = "No worker was left to try it again.", Cause = AttemptCauses.Unfinished, Duration = TimeSpan.Zero };
        var page = Page(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Begun", begun)]));

        page.ShouldContain("✖ unfinished</span>");
        page.ShouldContain("Shop.Tests (net10.0), worker 1 ");
        page.ShouldNotContain("worker 1, &lt;1ms");
    }

    [Fact]
    public void What_was_running_as_the_run_was_stopped_has_a_section()
    {
        var begun = RecordedRun.Attempt(TestOutcome.Skipped, worker: 1) with { Cause = AttemptCauses.Unfinished };
        var page = Page(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Hangs", begun), RecordedRun.Test("Passes")]));

        page.ShouldContain("<a href=\"#unfinished\">Unfinished</a>");
        page.Split("<section id=\"unfinished\">")[1].Split("</section>")[0].ShouldContain("Shop.Tests.BasketTests.Hangs");
    }

    [Fact]
    public void Changes_of_one_cause_are_one()
    {
        var failed = RecordedRun.Attempt(TestOutcome.Failed) with { Message = "The fixture threw.\nat once" };
        var tests = Enumerable.Range(0, 40).Select(number => RecordedRun.Test($"Torn_{number:00}", failed)).Append(RecordedRun.Test("Zips", failed with { Message = "torn" })).ToList();
        var record = RecordedRun.Of(_folder.Path, tests);
        var page = Page(record with { History = record.Tests.ToImmutableDictionary(test => test.Id, _ => ImmutableArray.Create(new PastResult(TestOutcome.Passed, 1, null, false))) });

        page.ShouldContain("Torn_04 and 35 more");
        page.ShouldContain("40 &#215; new failure: The fixture threw.</td>");
        page.ShouldContain(">new failure</td>");
    }

    [Fact]
    public void Equal_failures_are_one_and_what_never_ran_comes_last()
    {
        var never = RecordedRun.Attempt(TestOutcome.Error, worker: -1) with { Message = "No worker was left to run it." };
        var page = Page(RecordedRun.Of(_folder.Path, [.. Enumerable.Range(0, 408).Select(number => RecordedRun.Test($"Never_{number}", never)), RecordedRun.Test("Zips", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "torn" })]));

        page.ShouldContain("<summary><span class=\"failed\">✖ not run</span> 408 &#215; No worker was left to run it.</summary>");
        page.ShouldContain("… and 308 more; all of them are in the list of all tests");
        page.IndexOf("id=\"failure-1\"", StringComparison.Ordinal).ShouldBeLessThan(page.IndexOf(">Zips</code>", StringComparison.Ordinal));
        page.IndexOf(">Zips</code>", StringComparison.Ordinal).ShouldBeLessThan(page.IndexOf("id=\"failure-2\"", StringComparison.Ordinal));
        page.ShouldNotContain("worker -1");
    }

    [Fact]
    public void Database_figures_are_there_wherever_something_was_measured()
    {
        var chatty = RecordedRun.Attempt() with { Figures = new TestFigures { Queries = 27_015, Reads = 27_003, Writes = 12, QuerySeconds = 1.5, Repeated = [new RepeatedQuery(27_000, "SELECT * FROM line WHERE id = ?")] } };
        var page = Page(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Sums", chatty), RecordedRun.Test("Quiet")]));

        page.ShouldContain("<td data-label=\"Test\"><a href=\"#test=Shop.Tests%20%28net10.0%29%2FShop.Tests.BasketTests.Sums\">Shop.Tests.BasketTests.Sums</a></td><td class=\"number\" data-label=\"Queries\">27,015</td><td class=\"number\" data-label=\"Reads\">27,003</td><td class=\"number\" data-label=\"Writes\">12</td><td class=\"number\" data-label=\"Other statements\">–</td><td class=\"number\" data-label=\"Query time\">1.50s</td>");
        page.ShouldContain("<td data-label=\"Statement\">SELECT * FROM line WHERE id = ?</td><td class=\"number\" data-label=\"Most in a test\">27,000</td><td class=\"number\" data-label=\"In all\">27,000</td><td data-label=\"In\">Shop.Tests.BasketTests.Sums</td>");
        page.ShouldContain("data-sort=\"querySeconds\"");
        Data(page).GetProperty("tests").EnumerateArray().Single(test => test[0].GetString() == "Sums").EnumerateArray().Skip(10).Select(figure => figure.GetDouble()).ShouldBe([27_015, 12, 1.5]);
        Page(FullRun()).ShouldNotContain("id=\"queries\"");
    }

    [Fact]
    public void A_statement_that_took_long_is_told_once_with_the_test_in_which_it_took_longest()
    {
        var page = Page(RecordedRun.Of(_folder.Path, [.. new[] { 0.02, 1.5 }.Select(seconds => RecordedRun.Test($"Deletes{seconds}", RecordedRun.Attempt() with
        {
            Figures = new TestFigures { Queries = 1, Slowest = [new SlowStatement(seconds, "DELETE FROM line WHERE id = ?")] },
        }))]));

        page.ShouldContain("<td data-label=\"Statement\">DELETE FROM line WHERE id = ?</td><td class=\"number\" data-label=\"Longest\">1.50s</td><td class=\"number\" data-label=\"Tests\">2</td><td data-label=\"Longest in\">Shop.Tests.BasketTests.Deletes1.5</td>");
        page.ShouldNotContain(">20ms</td><td class=\"number\" data-label=\"Tests\">");
    }

    [Fact]
    public void A_worker_that_had_nothing_to_do_is_an_empty_lane_and_the_page_says_why()
    {
        var run = FullRun();
        var page = Page(run with { Settings = run.Settings with { Workers = 3 }, Idle = "1 of 3 workers: a class runs on one worker" });

        page.ShouldContain(">worker 2</text>");
        page.ShouldContain("<strong>Why it was not faster:</strong> almost no work for 1 of 3 workers: a class");
    }

    [Fact]
    public void Failures_beyond_the_first_are_told_in_short_and_lead_to_their_own_pages()
    {
        var page = Page(RecordedRun.Of(
            _folder.Path,
            Enumerable.Range(0, 40).Select(number => RecordedRun.Test($"Fails_{number:00}(\"\u202E\")", RecordedRun.Attempt(TestOutcome.Failed) with { Message = $"torn {number}\nin two" }))));

        Regex.Count(page, "<details id=\"failure-").ShouldBe(30);
        Regex.Count(page, "<li id=\"failure-").ShouldBe(10);
        page.ShouldContain("href=\"#test=Shop.Tests%20%28net10.0%29%2FShop.Tests.BasketTests.Fails_39%28%22%5Cu202e%22%29\"");
        page.ShouldContain("<bdi>torn 39</bdi>");
        page.ShouldContain("What follows is told in short");
    }

    [Fact]
    public void The_timeline_is_given_phases_clones_resets_and_starts_as_they_were()
    {
        var run = FullRun();
        var page = Page(run with
        {
            PhaseSpans = [new PhaseSpan("discovery", RecordedRun.Start.AddSeconds(1), TimeSpan.FromSeconds(2)), new PhaseSpan("template", RecordedRun.Start.AddSeconds(1), TimeSpan.FromSeconds(0.5))],
            WorkSpans = [.. new LeaseTaken(1, "ct_1", 0.75) { At = RecordedRun.Start.AddSeconds(5), HostSeconds = 0.25, ResetSeconds = 1 }.Spans],
        });

        page.ShouldContain("\"phases\":[[\"discovery\",1,3],[\"template\",1,1.5]]");
        page.ShouldContain("\"spans\":[[1,\"resets\",3.25,1],[1,\"clones\",4.25,0.5],[1,\"host start\",4.75,0.25]]");
    }

    [Fact]
    public void A_muted_failure_is_told_with_its_reason()
    {
        var page = Page(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "no stock" }) with { Quarantine = "quarantined until 2027-01-31: flaky server" }]));

        page.ShouldContain("<section id=\"muted\">");
        page.ShouldContain("quarantined until 2027-01-31: flaky server");
        page.ShouldContain("no stock");
        page.ShouldNotContain("<section id=\"failures\">");
    }

    [Fact]
    public void Attachments_are_linked_relative_to_the_page()
    {
        var file = _folder.File("a note #1.txt");
        File.WriteAllText(file, "a note");
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with { Attachments = [file] })], RecordedRun.Batch(0));
        var attachments = new AttachmentFolder(_folder.Path);
        Trx.MergedTrx.Of(record, attachments);

        var link = AttachmentLink().Match(Page(record, attachments)).Groups[1].Value;

        link.ShouldEndWith("/a%20note%20%231.txt");
        File.Exists(Path.Combine(_folder.Path, Uri.UnescapeDataString(link))).ShouldBeTrue();
    }

    [Fact]
    public void Each_batch_is_a_bar_in_the_row_of_its_worker()
    {
        var page = Page(FullRun());

        Regex.Count(page, "<rect class=").ShouldBe(3);
        page.ShouldContain("<rect class=\"plan\"");
        page.ShouldContain("<rect class=\"again\"");
        page.ShouldContain("<rect class=\"died\"");
        page.ShouldContain(">worker 0</text>");
        page.ShouldContain(">worker 1</text>");
    }

    [Fact]
    public void A_run_that_ended_before_anything_ran_has_a_page()
    {
        var page = Page(RecordedRun.Of(_folder.Path, []) with { Workers = [], Efficiency = null, FinishedAt = RecordedRun.Start, ExitCode = ConcurrentTestExitCode.Incomplete, Reason = "It does not build." });

        page.ShouldContain("⚠ 0 passed, 0 failed, 0 skipped");
        page.ShouldContain("It does not build.");
        Data(page).GetProperty("tests").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public void Thousands_of_chatty_failures_stay_a_page_that_opens()
    {
        var failure = RecordedRun.Attempt(TestOutcome.Failed) with { Message = new string('m', 100_000), StackTrace = new string('s', 100_000), StandardOutput = new string('o', 1_000_000) };

        var page = Page(RecordedRun.Of(_folder.Path, Enumerable.Range(0, 22_000).Select(number => RecordedRun.Test($"Test_{number}", failure))));

        page.Length.ShouldBeLessThan(20_000_000);
        Data(page).GetProperty("tests").GetArrayLength().ShouldBe(22_000);
    }

    [Fact]
    public async Task A_browser_lists_the_tests()
    {
        var chromium = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
        Assert.SkipUnless(chromium is not null, "no Chromium is installed: Debian's package chromium has it");
        var path = _folder.File("report.html");
        await File.WriteAllTextAsync(path, Page(RecordedRun.Of(_folder.Path, Enumerable.Range(0, 250).Select(number => RecordedRun.Test($"Test_{number}")))), TestContext.Current.CancellationToken);

        using var browser = Process.Start(new ProcessStartInfo(
            chromium!,
            ["--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={_folder.File("profile", "x")}", "--dump-dom", new Uri(path).AbsoluteUri])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = browser.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var dom = await browser.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await browser.WaitForExitAsync(TestContext.Current.CancellationToken);
        await error;

        dom.ShouldContain(">1 to 100 of 250 tests</caption>");
        Regex.Count(dom, "<tr><td class=\"passed\" data-label=\"Outcome\">✔ passed</td>").ShouldBe(100);
    }

    private RunRecord FullRun() => RecordedRun.Of(
        _folder.Path,
        [
            RecordedRun.Test("Odd(\"😀 \u0001\")"),
            RecordedRun.Test("Skipped", RecordedRun.Attempt(TestOutcome.Skipped)),
            RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with
            {
                Message = "expected 1,\nnot 2",
                StackTrace = "   at Fails() in /repo/tests/BasketTests.cs:line 7",
                StandardOutput = "said before it failed",
                StandardError = "cried before it failed",
            }),
            RecordedRun.Test("Lost", RecordedRun.Attempt(TestOutcome.Error, batch: 2, worker: 1)),
            RecordedRun.Test("Times_out", RecordedRun.Attempt(TestOutcome.TimedOut)),
            RecordedRun.Test("Flaky", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "first" }, RecordedRun.Attempt(number: 2, batch: 1, worker: 1) with { Duration = TimeSpan.FromSeconds(1) }),
        ],
        RecordedRun.Batch(0),
        RecordedRun.Batch(1, worker: 1, reason: "rerun"),
        RecordedRun.Batch(2, worker: 1, error: "killed")) with
    {
        Incidents = [new Incident(RecordedRun.Start.AddSeconds(3), "session-died", "it was killed", 1)],
        Database = new DatabaseRecord { Engine = "sqlite", CloneTimes = [TimeSpan.FromMilliseconds(4)] },
    };

    private static string Page(RunRecord record, AttachmentFolder? attachments = null)
    {
        using var stream = new MemoryStream();
        HtmlReport.Write(record, stream, attachments ?? new AttachmentFolder(record.Settings.ResultsDirectory), new ReportText(new Redactor()));
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static JsonElement Data(string page) => JsonDocument.Parse(DataScript().Match(page).Groups[1].Value).RootElement;

    [GeneratedRegex("<script type=\"application/json\" id=\"tests-data\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex DataScript();

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("script-src 'sha256-([^']+)'")]
    private static partial Regex AllowedScript();

    [GeneratedRegex(" href=\"([^\"]*)\"")]
    private static partial Regex Links();

    [GeneratedRegex(" href=\"#([^\"]*)\"")]
    private static partial Regex Anchors();

    [GeneratedRegex("Attached: <a href=\"([^\"]*)\"")]
    private static partial Regex AttachmentLink();
}
