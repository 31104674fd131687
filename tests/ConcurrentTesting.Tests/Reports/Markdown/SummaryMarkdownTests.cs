using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Markdown;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Markdown;

public sealed class SummaryMarkdownTests
{
    [Fact]
    public void What_died_with_test_hosts_is_told_beside_the_share_of_lines()
    {
        var record = RecordedRun.Of("/repo/artifacts", [RecordedRun.Test("Passes")]) with { Coverage = new CoverageRecord(2, 3, 0, 0) { LostBatches = 2, LostResults = 9 } };

        SummaryMarkdown.Of(record, new ReportText(new Redactor()))
            .ShouldContain("| Coverage | 66.7% of lines (2 of 3); too low: 2 test hosts ended before telling what 9 results had covered |");
    }

    [Fact]
    public void What_was_running_as_the_run_was_stopped_is_named()
    {
        var begun = RecordedRun.Attempt(TestOutcome.Skipped, worker: 1) with { Cause = AttemptCauses.Unfinished };

        SummaryMarkdown.Of(RecordedRun.Of("/repo/artifacts", [RecordedRun.Test("Hangs", begun), RecordedRun.Test("Passes")]), new ReportText(new Redactor()))
            .ShouldContain("| <code>Shop.Tests.BasketTests</code>.<code>Hangs</code> | 1 |");
    }

    [Fact]
    public void The_whole_page_of_a_small_run()
    {
        var record = RecordedRun.Of(
            "/repo/artifacts",
            [
                RecordedRun.Test("Passes"),
                RecordedRun.Test("Row(\"a|b `c` <d>\")", RecordedRun.Attempt(TestOutcome.Failed) with
                {
                    Message = "Expected ```1```",
                    StackTrace = "   at Xunit.Assert.Equal() in /_/src/xunit/Assert.cs:line 3\n   at Shop.Tests.BasketTests.Row() in /repo/tests/BasketTests.cs:line 17",
                }) with { SourceFile = "/repo/tests/BasketTests.cs", Line = 10 },
                RecordedRun.Test("Slow", RecordedRun.Attempt(TestOutcome.TimedOut) with { Duration = TimeSpan.FromSeconds(12) }) with { SourceFile = "/repo/tests/BasketTests.cs", Line = 30 },
                RecordedRun.Test("Skipped", RecordedRun.Attempt(TestOutcome.Skipped)),
                RecordedRun.Test("Flaky", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "no *connection*\nto the server" }, RecordedRun.Attempt(number: 2, worker: 1)) with { KnownFlaky = new KnownFlaky(3, 41) },
            ]) with
        {
            Incidents = [new Incident(RecordedRun.Start, "session-died", "killed <by> someone", 1), new Incident(RecordedRun.Start, "timings-damaged", "set aside")],
            Database = new DatabaseRecord { Engine = "sqlite", TemplateHit = false, TemplateTime = TimeSpan.FromSeconds(1.5), CloneTimes = [TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(5)] },
        };

        var expected =
            """
            # ❌ 2 passed, 2 failed, 1 skipped

            all of it ran

            | | |
            |:--|:--|
            | Wall time | 10.0s |
            | Tests' own time | 12.1s, in their phase 1.2 times faster than one after another |
            | Lower bound | 6.00s, efficiency 75% |
            | Workers | 2, the busiest 1.33 times the average |
            | Tests | 5, 3.01s on average, 95% within 12.0s |
            | Flaky | 1 |
            | Databases | sqlite, template built in 1.50s, 2 clones of 4ms on average |
            | Run | <code>20261122-144800-1a2b</code>, seed 7 |

            ## Failures

            <details><summary>❌ <code>Shop.Tests.BasketTests</code>.<code>Row("a&#124;b &#96;c&#96; &lt;d&gt;")</code> at <code>tests/BasketTests.cs:17</code></summary>

            Shop.Tests (net10.0), worker 0, 10ms

            ````text
            Expected ```1```
            ````

            ```text
            at Shop.Tests.BasketTests.Row() in tests/BasketTests.cs:17
            ```

            </details>

            <details><summary>❌ <code>Shop.Tests.BasketTests</code>.<code>Slow</code> (timed out) at <code>tests/BasketTests.cs:30</code></summary>

            Shop.Tests (net10.0), worker 0, 12.0s

            </details>

            ## Flaky tests

            They failed at first and passed in the end.

            | test | attempts | before | first failure |
            |:--|--:|:--|:--|
            | <code>Shop.Tests.BasketTests</code>.<code>Flaky</code> | 2 | known flaky, in 3 of 41 runs | no &#42;connection&#42; |

            ## Slowest tests

            | test | time | worker |
            |:--|--:|--:|
            | <code>Shop.Tests.BasketTests</code>.<code>Slow</code> | 12.0s | 0 |
            | <code>Shop.Tests.BasketTests</code>.<code>Flaky</code> | 10ms | 1 |
            | <code>Shop.Tests.BasketTests</code>.<code>Passes</code> | 10ms | 0 |
            | <code>Shop.Tests.BasketTests</code>.<code>Row("a&#124;b &#96;c&#96; &lt;d&gt;")</code> | 10ms | 0 |

            ## Slowest classes

            | class | assembly | tests | time |
            |:--|:--|--:|--:|
            | <code>Shop.Tests.BasketTests</code> | Shop.Tests (net10.0) | 5 | 12.0s |

            ## Incidents

            | | what | worker |
            |:--|:--|--:|
            | session-died | killed &lt;by&gt; someone | 1 |
            | timings-damaged | set aside |  |


            """;
        Page(record).Split('\n').ShouldBe(expected.Split('\n'));
    }

    [Fact]
    public void A_muted_failure_is_listed_with_its_reason()
    {
        var page = Page(RecordedRun.Of(
            "/results",
            [RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "no stock\nat all" }) with { Quarantine = "quarantined until 2027-01-31: flaky server" }]));

        page.ShouldStartWith("# ✅ 0 passed, 0 failed, 1 skipped");
        page.ShouldContain("## Muted failures");
        page.ShouldContain("<code>Fails</code> | quarantined until 2027-01-31: flaky server | no stock |");
    }

    [Fact]
    public void A_green_run_is_short()
    {
        var page = Page(RecordedRun.Of("/results", [RecordedRun.Test("Passes")]));

        page.ShouldStartWith("# ✅ 1 passed, 0 failed, 0 skipped\n");
        page.ShouldNotContain("## Failures");
        page.ShouldNotContain("## Flaky");
        page.ShouldNotContain("## Incidents");
    }

    [Fact]
    public void A_run_that_took_longer_than_its_tests_claims_no_speed() =>
        Page(RecordedRun.Of("/results", [RecordedRun.Test("Passes")])).ShouldContain("| Tests' own time | 10ms |");

    [Fact]
    public void An_incomplete_run_is_not_shown_as_passed() =>
        Page(RecordedRun.Of("/results", [RecordedRun.Test("Passes")]) with { ExitCode = ConcurrentTestExitCode.Incomplete }).ShouldStartWith("# ⚠️ 1 passed");

    [Fact]
    public void A_run_of_nothing_but_long_failures_fits_a_step_summary()
    {
        var failure = RecordedRun.Attempt(TestOutcome.Failed) with { Message = new string('`', 100_000), StackTrace = new string('<', 100_000) };
        var record = RecordedRun.Of("/results", Enumerable.Range(0, 5000).Select(number => RecordedRun.Test($"Test_{number}", failure, failure)));

        System.Text.Encoding.UTF8.GetByteCount(Page(record with { Incidents = [.. Enumerable.Repeat(new Incident(RecordedRun.Start, "kind", new string('&', 100_000)), 500)] }))
            .ShouldBeLessThan(1024 * 1024);
    }

    private static string Page(RunRecord record) => SummaryMarkdown.Of(record, new ReportText(new Redactor()));
}
