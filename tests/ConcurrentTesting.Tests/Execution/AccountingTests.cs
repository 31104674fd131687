using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class AccountingTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    /// <summary>How a test behaves, whenever and wherever it is run.</summary>
    public enum Behaviour
    {
        Passes,
        Fails,
        FailsOnce,
        FailsByInfrastructureOnce,
        FailsOfItsOwnBesideInfrastructure,
        KillsItsProcess,
        KillsItsProcessOnce,
        KillsItsProcessUnseen,
        KillsItsProcessByName,
        Hangs,
        GivesNoResult,
        GivesNoResultById,
        GivesOneResultTooFew,
        GivesManyRows,
        GivesSomeRowsAndKillsItsProcess,
        GivesSomeRowsAndKillsItsProcessOnce,
        GivesOtherRowsEachTime,
    }

    [Fact]
    public void Nothing_is_lost_and_nothing_runs_for_ever_whatever_dies() =>
        Gen.Select(Gen.Enum<Behaviour>().Array[1, 40], Gen.Int[1, 6], Gen.Int[0, 3], Gen.Int[1, 1_000_000]).Sample(
            (behaviours, batchCount, reruns, seed) =>
            {
                var history = new History(behaviours, reruns, seed);
                history.Run(batchCount);
                history.Check();
            },
            iter: 5000);

    [Fact]
    public void Requested_test_without_result_is_an_error()
    {
        var entry = Catalogs.Entry(Assembly, "Orders", "Ships");
        var accounting = NewAccounting([entry]);

        var first = accounting.Judge(End([entry], BatchReasons.Plan));
        var second = accounting.Judge(End([entry], first.Again.ShouldHaveSingleItem().Reason));

        first.Settled.ShouldBeEmpty();
        first.Again[0].Reason.ShouldBe(BatchReasons.ByName);
        second.Again.ShouldBeEmpty();
        second.Settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Error);
    }

    [Fact]
    public void A_suite_that_stops_at_its_first_failure_is_asked_again_for_the_rest()
    {
        var entries = Enumerable.Range(0, 3).Select(index => Catalogs.Entry(Assembly, "Orders", $"Test{index}")).ToArray();
        var accounting = NewAccounting(entries);

        var first = accounting.Judge(End(entries, BatchReasons.ByName, arrived: entries[..1], failed: entries[..1]));
        var second = accounting.Judge(End(entries[1..], BatchReasons.ByName, arrived: entries[1..2], failed: entries[1..2]));
        var passing = accounting.Judge(End(entries[1..], BatchReasons.ByName, arrived: entries[1..2]));

        (first.Settled.Length, second.Settled.Length).ShouldBe((0, 0));
        first.Again.ShouldHaveSingleItem().Entries.ShouldBe(entries[1..]);
        second.Again.ShouldHaveSingleItem().Entries.ShouldBe(entries[2..]);
        var settled = passing.Settled.ShouldHaveSingleItem();
        settled.Entry.ShouldBe(entries[2]);
        settled.Message.ShouldBe(
            "The test was asked for and gave no result: asked by id and then by name, the test host ended well without it; where a name changes from process to process (a GUID, a date, random data in a row), give the row a stable one.");
    }

    [Fact]
    public void A_test_that_ran_when_its_process_died_is_tried_once_alone_and_the_rest_elsewhere()
    {
        var entries = Enumerable.Range(0, 5).Select(index => Catalogs.Entry(Assembly, "Orders", $"Test{index}")).ToArray();
        var accounting = NewAccounting(entries);

        var verdict = accounting.Judge(End(entries, BatchReasons.Plan, fault: "crash", arrived: entries[..2], active: [entries[2]]));

        verdict.Settled.ShouldBeEmpty();
        verdict.Again.Single(batch => batch.Reason == BatchReasons.Alone).Entries.ShouldBe([entries[2]]);
        var rest = verdict.Again.Single(batch => batch.Reason == BatchReasons.Requeue);
        rest.Entries.ShouldBe(entries[3..]);
        rest.NotOnWorker.ShouldBe(3);
    }

    [Fact]
    public void A_test_all_of_whose_results_arrived_before_its_process_was_ended_has_not_timed_out()
    {
        var late = Catalogs.Entry(Assembly, "Orders", "Late");
        var unknown = Catalogs.Entry(Assembly, "Orders", "Unknown", hasKnownRows: false);
        var end = End([late, unknown], BatchReasons.Plan, "ran longer than 1 s", arrived: [late, unknown]) with
        {
            TimedOut = new HashSet<TestEntry> { late, unknown },
        };

        var verdict = NewAccounting([late, unknown]).Judge(end);

        verdict.Settled.Select(settled => (settled.Entry, settled.Outcome)).ShouldBe([(unknown, TestOutcome.TimedOut)]);
        verdict.RunsAgain.ShouldBeEmpty();
    }

    [Fact]
    public void A_test_that_kills_its_process_alone_too_has_failed()
    {
        var entry = Catalogs.Entry(Assembly, "Orders", "Ships");

        var verdict = NewAccounting([entry]).Judge(End([entry], BatchReasons.Alone, fault: "Test host process crashed", active: [entry]));

        verdict.Again.ShouldBeEmpty();
        var settled = verdict.Settled.ShouldHaveSingleItem();
        settled.Outcome.ShouldBe(TestOutcome.Failed);
        settled.Message.ShouldContain("Test host process crashed");
        settled.Message.ShouldContain("worker 3");
    }

    [Fact]
    public void A_test_whose_console_dies_is_not_to_blame_and_is_tried_again_while_it_has_retries()
    {
        var entry = Catalogs.Entry(Assembly, "Orders", "Ships");
        var accounting = new Accounting(new Dictionary<TestEntry, double> { [entry] = 1.0 }, 0, 0, new RetryBudget(2, TimeSpan.FromSeconds(1), new Random(1)));
        BatchEnd gone = End([entry], BatchReasons.Alone, fault: "killed", active: [entry]) with { IsConsoleGone = true };

        for (var retry = 0; retry < 2; retry++)
        {
            var verdict = accounting.Judge(gone);
            verdict.Settled.ShouldBeEmpty();
            verdict.Again.ShouldHaveSingleItem().Reason.ShouldBe(BatchReasons.Alone);
        }

        accounting.Judge(gone).Settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Failed);
    }

    [Theory]
    [InlineData(true, TestOutcome.Failed)]
    [InlineData(false, TestOutcome.Error)]
    internal void The_only_test_of_processes_that_die_has_failed_where_a_process_had_come_up(bool hadTestProcess, TestOutcome outcome)
    {
        var entry = Catalogs.Entry(Assembly, "Orders", "Ships");
        var accounting = NewAccounting([entry]);

        var first = accounting.Judge(End([entry], BatchReasons.Plan, fault: "died") with { HadTestProcess = hadTestProcess });
        var again = first.Again.ShouldHaveSingleItem();
        var second = accounting.Judge(End([entry], again.Reason, fault: "died") with { HadTestProcess = hadTestProcess, Batch = again });

        second.Settled.ShouldHaveSingleItem().Outcome.ShouldBe(outcome);
    }

    [Fact]
    public void A_case_of_unknown_rows_that_nothing_says_has_ended_runs_again_alone_and_fails_if_that_dies_too()
    {
        var theory = Catalogs.Entry(Assembly, "Orders", "Ships", hasKnownRows: false);
        var accounting = NewAccounting([theory]);
        var sixRows = End([theory], BatchReasons.Plan, fault: "crash", active: [theory]) with
        {
            Rows = new Dictionary<TestEntry, int> { [theory] = 6 },
            Unclosed = new HashSet<TestEntry> { theory },
        };

        var first = accounting.Judge(sixRows);
        var second = accounting.Judge(sixRows with { Batch = first.Again.ShouldHaveSingleItem() });

        first.Again[0].Reason.ShouldBe(BatchReasons.Alone);
        second.Again.ShouldBeEmpty();
        second.Settled.ShouldHaveSingleItem().Message.ShouldContain("6 rows arrived before the process died");
    }

    [Fact]
    public void A_process_that_declares_the_infrastructure_is_no_reason_to_suspect_its_unfinished_case()
    {
        var theory = Catalogs.Entry(Assembly, "Orders", "Ships", hasKnownRows: false);
        var end = End([theory], BatchReasons.Plan, fault: "crash") with
        {
            Rows = new Dictionary<TestEntry, int> { [theory] = 6 },
            Unclosed = new HashSet<TestEntry> { theory },
            IsDeclared = true,
        };

        NewAccounting([theory]).Judge(end).Again.ShouldHaveSingleItem().Reason.ShouldBe(BatchReasons.Requeue);
    }

    [Fact]
    public void A_clean_up_that_the_infrastructure_failed_is_tried_again_with_its_tests()
    {
        var entries = Enumerable.Range(0, 2).Select(index => Catalogs.Entry(Assembly, "Orders", $"Test{index}")).ToArray();
        var accounting = new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), 0, 0, new RetryBudget(1, TimeSpan.Zero, new Random(1)));
        var end = End(entries, BatchReasons.Plan, arrived: entries) with { OfFailedCleanUps = entries.ToHashSet() };

        var again = accounting.Judge(end).Again.ShouldHaveSingleItem();
        again.Reason.ShouldBe(BatchReasons.Retry);
        again.Entries.ShouldBe(entries);
        accounting.Judge(end).Again.ShouldBeEmpty();
    }

    [Fact]
    public void A_test_that_failed_for_a_reason_of_its_own_is_not_tried_again_with_a_clean_up()
    {
        var entries = Enumerable.Range(0, 2).Select(index => Catalogs.Entry(Assembly, "Orders", $"Test{index}")).ToArray();
        var accounting = new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), 0, 0, new RetryBudget(1, TimeSpan.Zero, new Random(1)));
        var end = End(entries, BatchReasons.Plan, arrived: entries) with
        {
            Failed = new HashSet<TestEntry> { entries[0] },
            OfTheirOwn = new HashSet<TestEntry> { entries[0] },
            OfFailedCleanUps = entries.ToHashSet(),
        };

        var again = accounting.Judge(end).Again.ShouldHaveSingleItem();

        again.Reason.ShouldBe(BatchReasons.Retry);
        again.Entries.ShouldBe([entries[1]]);
    }

    [Fact]
    public void A_row_that_failed_for_a_reason_of_its_own_is_not_tried_again_for_what_failed_another_row()
    {
        var rows = Catalogs.Entry(Assembly, "Orders", "Ships", cases: 2);
        var accounting = new Accounting(new Dictionary<TestEntry, double> { [rows] = 1.0 }, 0, 0, new RetryBudget(1, TimeSpan.Zero, new Random(1)));
        var set = new HashSet<TestEntry> { rows };
        var end = End([rows], BatchReasons.Plan) with
        {
            Rows = new Dictionary<TestEntry, int> { [rows] = 2 },
            Failed = set,
            Infrastructure = set,
            OfTheirOwn = set,
        };

        accounting.Judge(end).Again.ShouldBeEmpty();
        accounting.Judge(end with { OfTheirOwn = new HashSet<TestEntry>() }).Again.ShouldHaveSingleItem().Reason.ShouldBe(BatchReasons.Retry);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public void A_test_one_of_whose_rows_failed_is_not_tried_again_when_its_process_is_killed(int reruns, int again)
    {
        var rows = Catalogs.Entry(Assembly, "Orders", "Ships", cases: 3);
        var accounting = new Accounting(new Dictionary<TestEntry, double> { [rows] = 1.0 }, reruns, reruns);
        var set = new HashSet<TestEntry> { rows };

        var verdict = accounting.Judge(End([rows], BatchReasons.Plan, fault: "killed", active: [rows]) with
        {
            Rows = new Dictionary<TestEntry, int> { [rows] = 1 },
            Failed = set,
            OfTheirOwn = set,
        });

        verdict.Again.Length.ShouldBe(again);
        verdict.Settled.Length.ShouldBe(1 - again);
        verdict.Settled.ShouldAllBe(settled => settled.Outcome == TestOutcome.Failed);
    }

    [Fact]
    public void A_case_that_shares_its_id_counts_every_occurrence()
    {
        var twins = Catalogs.Entry(Assembly, "Orders", "Ships", cases: 3);
        var accounting = NewAccounting([twins]);
        var rows = new Dictionary<TestEntry, int> { [twins] = 2 };

        var verdict = accounting.Judge(End([twins], BatchReasons.ByName) with { Rows = rows });

        verdict.Settled.ShouldHaveSingleItem().Message.ShouldStartWith("The test was asked for 3 times and gave 2 results: asked by id and then by name, the test host ended well without the rest; ");
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 1, 0)]
    public void A_test_that_lacks_a_row_is_not_asked_for_by_name_where_that_would_replace_a_failure_of_another(int reruns, int again, int settled)
    {
        var twins = Catalogs.Entry(Assembly, "Orders", "Ships", cases: 2);
        var set = new HashSet<TestEntry> { twins };

        var verdict = NewAccounting([twins], reruns).Judge(End([twins], BatchReasons.Plan) with
        {
            Rows = new Dictionary<TestEntry, int> { [twins] = 1 },
            Failed = set,
            OfTheirOwn = set,
        });

        verdict.Again.Select(batch => batch.Reason).ShouldBe(Enumerable.Repeat(BatchReasons.ByName, again));
        verdict.Settled.Select(test => test.Outcome).ShouldBe(Enumerable.Repeat(TestOutcome.Error, settled));
    }

    [Fact]
    public void A_test_that_lacks_a_row_is_asked_for_once_whatever_failed_the_others()
    {
        var twins = Catalogs.Entry(Assembly, "Orders", "Ships", cases: 2);
        var accounting = new Accounting(new Dictionary<TestEntry, double> { [twins] = 1.0 }, 0, 0, new RetryBudget(1, TimeSpan.Zero, new Random(1)));
        var set = new HashSet<TestEntry> { twins };

        var verdict = accounting.Judge(End([twins], BatchReasons.Plan) with
        {
            Rows = new Dictionary<TestEntry, int> { [twins] = 1 },
            Failed = set,
            Infrastructure = set,
        });

        verdict.Again.ShouldHaveSingleItem().Reason.ShouldBe(BatchReasons.ByName);
    }

    [Fact]
    public void Reruns_end_with_their_budget()
    {
        var entries = Enumerable.Range(0, 30).Select(index => Catalogs.Entry(Assembly, "Orders", $"Test{index}")).ToArray();
        var accounting = new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), rerunsPerTest: 2, rerunsInAll: 10);

        var verdict = accounting.Judge(End(entries, BatchReasons.Plan, arrived: entries, failed: entries));

        verdict.Again.Length.ShouldBe(10);
        verdict.Again.ShouldAllBe(batch => batch.Reason == BatchReasons.Rerun && batch.Entries.Length == 1);
    }

    [Theory]
    [InlineData(1, 0, BatchReasons.Retry)]
    [InlineData(0, 1, BatchReasons.Rerun)]
    internal void What_skipped_itself_after_a_failure_runs_again_behind_it(int retries, int reruns, string reason)
    {
        var ignored = Catalogs.Entry(Assembly, "Mail", "Sends");
        var create = Catalogs.Entry(Assembly, "Orders", "Creates");
        var pay = Catalogs.Entry(Assembly, "Orders", "Pays");
        var report = Catalogs.Entry(Assembly, "Reports", "Has_rows") with { Need = "orders" };
        TestEntry[] entries = [ignored, pay, create with { Need = "orders" }, report];
        var accounting = new Accounting(
            entries.ToDictionary(entry => entry, _ => 1.0), reruns, 10, new RetryBudget(retries, TimeSpan.Zero, new Random(1)));
        var failed = new HashSet<TestEntry> { create };

        var needing = End(entries, BatchReasons.Plan, arrived: entries, failed: [entries[2]]) with
        {
            Skipped = new HashSet<TestEntry> { ignored, pay, report },
            Infrastructure = retries > 0 ? failed : [],
        };
        var ofClass = needing with { Batch = needing.Batch with { Entries = [ignored, pay, create, report] }, Failed = failed };

        var behind = accounting.Judge(needing).Again.ShouldHaveSingleItem();
        behind.Reason.ShouldBe(reason);
        behind.Entries.ShouldBe([create, report]);
        new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), reruns, 10, new RetryBudget(retries, TimeSpan.Zero, new Random(1)))
            .Judge(ofClass).Again.ShouldHaveSingleItem().Entries.ShouldBe([pay, create]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_needs_a_test_that_ran_when_its_process_died_and_what_it_needs_run_again_with_it(bool hasKnownRows)
    {
        var entries = Needing(3, hasKnownRows);
        var accounting = NewAccounting(entries);

        var first = accounting.Judge(End(entries, BatchReasons.Plan, fault: "killed", arrived: entries[..1], active: [entries[1]]));
        var alone = first.Again.Single(batch => batch.Reason == BatchReasons.Alone);

        alone.Entries.AsEnumerable().ShouldBe(entries[..3], "the first has passed, and the second is not itself without it");
        (alone.Suspect, alone.Companions.Single()).ShouldBe((entries[1], entries[0]));
        first.Open.AsEnumerable().ShouldBe(entries[3..].Concat(entries[1..3]), ignoreOrder: true);
        first.Again.Single(batch => batch.Reason == BatchReasons.Requeue).Entries.ShouldBe(entries[3..]);
    }

    [Fact]
    public void Only_the_suspect_of_a_batch_has_failed_where_its_process_dies_again()
    {
        var entries = Needing(3);
        var accounting = NewAccounting(entries);
        var first = accounting.Judge(End(entries[..3], BatchReasons.Plan, fault: "killed", arrived: entries[..1], active: [entries[1]]));
        var alone = End(entries[..3], BatchReasons.Alone, fault: "killed", arrived: entries[..1], active: [entries[1]]) with { Batch = first.Again.ShouldHaveSingleItem() };

        var second = accounting.Judge(alone);
        var other = accounting.Judge(alone with { Active = new HashSet<TestEntry> { entries[2] }, Rows = new Dictionary<TestEntry, int> { [entries[0]] = 1, [entries[1]] = 1 } });

        second.Settled.ShouldHaveSingleItem().Entry.ShouldBe(entries[1]);
        second.Again.ShouldHaveSingleItem().Entries.ShouldBe([entries[0], entries[2]]);
        other.Settled.ShouldBeEmpty();
        other.Again.ShouldHaveSingleItem().Suspect.ShouldBe(entries[2]);
        other.Again[0].Entries.ShouldBe(entries[..3]);
    }

    [Fact]
    public void Tests_that_need_each_other_and_end_their_process_in_turn_come_to_an_end()
    {
        var entries = Needing(2)[..2];
        var accounting = NewAccounting(entries);
        var end = End(entries, BatchReasons.Plan, fault: "killed", active: [entries[0]]);
        var ends = 0;

        for (var verdict = accounting.Judge(end); verdict.Again is [var again]; verdict = accounting.Judge(end with { Batch = again, Active = new HashSet<TestEntry> { again.Entries.Single(entry => !entry.Equals(again.Suspect)) } }))
        {
            (++ends).ShouldBeLessThan(20);
            if (again.Entries.Length == 1)
                break;
        }

        ends.ShouldBe(7);
    }

    [Fact]
    public void A_test_that_came_along_and_did_not_begin_again_keeps_its_results()
    {
        var entries = Needing(2)[..2];
        var accounting = NewAccounting(entries);
        var again = accounting.Judge(End(entries, BatchReasons.Plan, fault: "killed", arrived: entries[..1], active: entries[1..])).Again.ShouldHaveSingleItem();

        var verdict = accounting.Judge(End(entries, BatchReasons.Alone, fault: "killed", active: entries[1..]) with { Batch = again });

        verdict.Settled.ShouldHaveSingleItem().Entry.ShouldBe(entries[1]);
        verdict.Again.ShouldBeEmpty();
    }

    [Fact]
    public void Tests_that_need_each_other_are_given_up_together_where_nothing_tells_which_of_them_ends_its_process()
    {
        var entries = Needing(3)[..3];
        var accounting = NewAccounting(entries);
        var end = End(entries, BatchReasons.Plan, fault: "killed", arrived: entries[..1]);

        var again = accounting.Judge(end).Again.ShouldHaveSingleItem();
        var verdict = accounting.Judge(end with { Batch = again });

        again.Reason.ShouldBe(BatchReasons.Requeue);
        again.Entries.ShouldBe(entries);
        verdict.Again.ShouldBeEmpty();
        verdict.Settled.Select(settled => (settled.Entry, settled.Outcome)).ShouldBe([(entries[1], TestOutcome.Error), (entries[2], TestOutcome.Error)]);
    }

    [Theory]
    [InlineData(1, 0, BatchReasons.Retry)]
    [InlineData(0, 1, BatchReasons.Rerun)]
    internal void What_a_failed_test_needs_runs_again_with_it(int retries, int reruns, string reason)
    {
        var entries = Needing(3);
        var accounting = new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), reruns, 10, new RetryBudget(retries, TimeSpan.Zero, new Random(1)));
        HashSet<TestEntry> failed = [entries[1], entries[2]];
        var end = End(entries, BatchReasons.Plan, arrived: entries, failed: [.. failed]) with { Infrastructure = retries > 0 ? failed : [] };

        var again = accounting.Judge(end).Again.ShouldHaveSingleItem();

        again.Reason.ShouldBe(reason);
        again.Entries.ShouldBe(entries[..3]);
        accounting.Judge(end with { Batch = again }).Again.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void What_is_tried_again_counts_as_that_whatever_it_comes_back_with(bool isOfInfrastructure, int reruns)
    {
        var entries = Needing(3)[..3];
        var accounting = new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), 1, 10, new RetryBudget(1, TimeSpan.Zero, new Random(1)));
        var end = End(entries, BatchReasons.Plan, fault: "killed", arrived: entries[..2], active: entries[2..], failed: entries[..1]);

        var verdict = accounting.Judge(end with { Infrastructure = isOfInfrastructure ? end.Failed : new HashSet<TestEntry>() });

        var again = verdict.Again.ShouldHaveSingleItem();
        (again.Reason, again.IsRetry, verdict.Reruns).ShouldBe((BatchReasons.Alone, isOfInfrastructure, reruns));
    }

    [Fact]
    public void A_rerun_that_comes_back_with_a_retry_is_counted_and_what_comes_along_is_not()
    {
        var entries = Needing(3)[..3];
        var accounting = new Accounting(entries.ToDictionary(entry => entry, _ => 1.0), 1, 10, new RetryBudget(1, TimeSpan.Zero, new Random(1)));
        var end = End(entries, BatchReasons.Plan, arrived: entries, failed: entries[1..]) with { Infrastructure = new HashSet<TestEntry> { entries[1] } };

        var verdict = accounting.Judge(end);

        verdict.Again.ShouldHaveSingleItem().Entries.ShouldBe(entries);
        (verdict.Again[0].Reason, verdict.Again[0].IsRetry, verdict.Reruns).ShouldBe((BatchReasons.Retry, true, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void What_a_test_needs_comes_along_where_it_is_asked_for_by_name(int reruns)
    {
        var entries = Needing(3);
        var end = End(entries, BatchReasons.Plan, arrived: [entries[0], entries[2], .. entries[3..]], failed: entries[..1]);
        var accounting = NewAccounting(entries, reruns);

        var again = accounting.Judge(end).Again.ShouldHaveSingleItem();

        again.Reason.ShouldBe(BatchReasons.ByName);
        again.Entries.ShouldBe(reruns > 0 ? entries[..3] : entries[1..3]);
        again.Companions.ShouldBe([entries[2]]);
        var verdict = accounting.Judge(End([.. again.Entries], BatchReasons.ByName, arrived: [entries[2]]) with { Batch = again });
        verdict.Settled.Select(settled => (settled.Entry, settled.Outcome)).ShouldBe(
            again.Entries.Where(entry => entry != entries[2]).Select(entry => (entry, TestOutcome.Error)));
    }

    [Fact]
    public void A_failure_that_nothing_tries_again_does_not_come_along()
    {
        var entries = Needing(3)[..3];
        var end = End(entries, BatchReasons.Plan, fault: "killed", arrived: entries[..2], active: entries[2..], failed: entries[..1]);

        NewAccounting(entries).Judge(end).Again.ShouldHaveSingleItem().Entries.ShouldBe(entries[1..]);
        NewAccounting(entries, reruns: 1).Judge(end).Again.ShouldHaveSingleItem().Entries.ShouldBe(entries);
    }

    /// <summary>Tests of one class that need each other, and two of another that do not.</summary>
    private static TestEntry[] Needing(int count, bool hasKnownRows = true) =>
    [
        .. Enumerable.Range(0, count).Select(index => Catalogs.Entry(Assembly, "Orders", $"Test{index}", hasKnownRows: index != 1 || hasKnownRows) with { Need = "Orders" }),
        .. Enumerable.Range(0, 2).Select(index => Catalogs.Entry(Assembly, "Mail", $"Test{index}")),
    ];

    private static Accounting NewAccounting(IEnumerable<TestEntry> entries, int reruns = 0) =>
        new(entries.ToDictionary(entry => entry, _ => 1.0), reruns, int.MaxValue);

    private static BatchEnd End(
        TestEntry[] entries, string reason, string? fault = null, TestEntry[]? arrived = null, TestEntry[]? active = null, TestEntry[]? failed = null) => new()
        {
            Batch = BatchOf.Entries(Assembly, entries.Select(entry => (entry, 1.0)), reason, null),
            Worker = 3,
            Rows = (arrived ?? []).ToDictionary(entry => entry, entry => entry.CaseCount),
            Failed = (failed ?? []).ToHashSet(),
            Active = (active ?? []).ToHashSet(),
            TimedOut = new HashSet<TestEntry>(),
            Fault = fault,
        };

    /// <summary>Runs batches of tests that behave in all ways, one batch after another as a queue would, and keeps the books itself.</summary>
    private sealed class History
    {
        public const int AllRows = 12;

        private readonly Dictionary<TestEntry, Behaviour> _behaviours = [];
        private readonly Dictionary<TestEntry, int> _runs = [];
        private readonly Dictionary<TestEntry, int> _rows = [];
        private readonly Dictionary<TestEntry, bool> _failedLast = [];
        private readonly Dictionary<TestEntry, List<SettledTest>> _settled = [];
        private readonly Accounting _accounting;
        private readonly Random _random;
        private readonly int _reruns;

        public History(Behaviour[] behaviours, int reruns, int seed)
        {
            _random = new Random(seed);
            _reruns = reruns;
            for (var index = 0; index < behaviours.Length; index++)
                _behaviours.Add(NewEntry(behaviours[index], $"Test{index}"), behaviours[index]);
            var retries = new RetryBudget(1, TimeSpan.Zero, _random);
            _accounting = new Accounting(_behaviours.Keys.ToDictionary(entry => entry, _ => 1.0), reruns, int.MaxValue, retries);
        }

        private TestEntry NewEntry(Behaviour behaviour, string name) =>
            Catalogs.Entry(Assembly, $"Class{_random.Next(5)}", name, behaviour == Behaviour.GivesOneResultTooFew ? 2 : 1, hasKnownRows: behaviour < Behaviour.GivesManyRows) with
            {
                Need = _random.Next(3) == 0 ? "the order" : null,
            };

        public void Run(int batchCount)
        {
            var queue = new Queue<Batch>(_behaviours.Keys
                .GroupBy(_ => _random.Next(batchCount))
                .Select(group => BatchOf.Entries(Assembly, group.Select(entry => (entry, 1.0)), BatchReasons.Plan, null)));
            var bound = 60 * (_behaviours.Count + 1) * (_reruns + 1);
            while (queue.TryDequeue(out var batch))
            {
                (--bound).ShouldBeGreaterThan(0, "the run does not end");
                var verdict = _accounting.Judge(Host(batch));
                foreach (var settled in verdict.Settled)
                    Settle(settled);
                verdict.RunsAgain.Distinct().Count().ShouldBe(verdict.RunsAgain.Count(), "an entry runs again twice at once");
                AreTogether(batch, verdict);
                foreach (var again in verdict.Again)
                    queue.Enqueue(again);
            }
        }

        // Whatever of the batch needs each other and may run again does so in one batch.
        private void AreTogether(Batch batch, BatchVerdict verdict)
        {
            var back = verdict.Again.Where(again => again.Entries.Any(IsNeeding)).ToList();
            back.Count.ShouldBeLessThanOrEqualTo(1);
            foreach (var again in back)
            {
                batch.Entries.Where(IsNeeding).Except(verdict.RunsAgain).ShouldAllBe(
                    entry => _failedLast.GetValueOrDefault(entry) || verdict.Settled.Any(settled => settled.Entry.Equals(entry)));
            }
        }

        private static bool IsNeeding(TestEntry entry) => entry.Need is not null;

        public void Check()
        {
            // Nothing tells which of several tests that need each other ends their process unseen: they are blamed together.
            var isUnclear = _behaviours.Any(test => IsNeeding(test.Key) && test.Value == Behaviour.KillsItsProcessUnseen);
            foreach (var (entry, _) in _behaviours.Where(test => isUnclear && IsNeeding(test.Key)))
                (_settled.GetValueOrDefault(entry, []).Count + _rows.GetValueOrDefault(entry)).ShouldBeGreaterThan(0);
            foreach (var (entry, behaviour) in _behaviours.Where(test => !isUnclear || !IsNeeding(test.Key)))
                Check(entry, behaviour, _settled.GetValueOrDefault(entry, []));
        }

        private void Check(TestEntry entry, Behaviour behaviour, List<SettledTest> settled)
        {
            if (OutcomeOf(behaviour) is { } outcome)
                settled.ShouldHaveSingleItem().Outcome.ShouldBe(outcome);
            else
                settled.ShouldBeEmpty($"{behaviour} was blamed: {string.Join(' ', settled.Select(test => test.Message))}");
            if (RunsOf(behaviour) is { } runs && !IsNeeding(entry))
                _runs[entry].ShouldBe(runs, "what has its result is not asked for again");
            if (FailsLast(behaviour) is { } fails)
                _failedLast[entry].ShouldBe(fails);
            if (behaviour == Behaviour.GivesSomeRowsAndKillsItsProcessOnce)
                _rows[entry].ShouldBe(AllRows);
            if (behaviour == Behaviour.GivesOtherRowsEachTime)
                _rows[entry].ShouldBe(_runs[entry]);
            if (OutcomeOf(behaviour) is null)
                _rows.GetValueOrDefault(entry).ShouldBeGreaterThan(0);
        }

        // Null where it never fails.
        private bool? FailsLast(Behaviour behaviour) => behaviour switch
        {
            Behaviour.Fails or Behaviour.FailsOfItsOwnBesideInfrastructure => true,
            Behaviour.FailsOnce => _reruns == 0,
            Behaviour.FailsByInfrastructureOnce => false,
            _ => null,
        };

        // Null where what dies beside it may make it run again.
        private int? RunsOf(Behaviour behaviour) => behaviour switch
        {
            Behaviour.Passes => 1,
            Behaviour.Fails or Behaviour.FailsOfItsOwnBesideInfrastructure => 1 + _reruns,
            Behaviour.FailsOnce => Math.Min(2, 1 + _reruns),
            Behaviour.FailsByInfrastructureOnce => 2,
            _ => null,
        };

        // Null where the host gives its results.
        private static TestOutcome? OutcomeOf(Behaviour behaviour) => behaviour switch
        {
            Behaviour.KillsItsProcess or Behaviour.KillsItsProcessByName or Behaviour.GivesSomeRowsAndKillsItsProcess => TestOutcome.Failed,
            Behaviour.Hangs => TestOutcome.TimedOut,
            Behaviour.KillsItsProcessUnseen or Behaviour.GivesNoResult or Behaviour.GivesOneResultTooFew => TestOutcome.Error,
            _ => null,
        };

        private BatchEnd Host(Batch batch)
        {
            var host = new HostState();
            foreach (var entry in batch.Entries)
            {
                var run = _runs[entry] = _runs.GetValueOrDefault(entry) + 1;
                if (host.Ends(entry, _behaviours[entry], run, batch.Reason))
                    break;
                host.Latest = entry;
                if (RowsOf(_behaviours[entry], batch.Reason, run) is var count and > 0)
                    _rows[entry] = host.Rows[entry] = count;
                _failedLast[entry] = host.Fails(entry, _behaviours[entry], run);
            }

            return host.End(batch);
        }

        private void Settle(SettledTest settled)
        {
            if (!_settled.TryGetValue(settled.Entry, out var list))
                _settled.Add(settled.Entry, list = []);
            list.Add(settled);
        }

        private static int RowsOf(Behaviour behaviour, string reason, int run) => behaviour switch
        {
            Behaviour.GivesNoResult or Behaviour.KillsItsProcessByName => 0,
            Behaviour.GivesNoResultById => reason == BatchReasons.ByName ? 1 : 0,
            Behaviour.GivesManyRows => 4,
            Behaviour.GivesSomeRowsAndKillsItsProcessOnce => AllRows,
            Behaviour.GivesOtherRowsEachTime => run,
            _ => 1,
        };
    }

    /// <summary>What a host said of one batch.</summary>
    private sealed class HostState
    {
        private readonly HashSet<TestEntry> _failed = [];
        private readonly HashSet<TestEntry> _infrastructure = [];
        private readonly HashSet<TestEntry> _ofTheirOwn = [];
        private readonly HashSet<TestEntry> _active = [];
        private readonly HashSet<TestEntry> _timedOut = [];
        private string? _fault;

        public Dictionary<TestEntry, int> Rows { get; } = [];

        /// <summary>What it last said something of.</summary>
        public TestEntry? Latest { get; set; }

        /// <summary>Whether the test ends the host's run.</summary>
        public bool Ends(TestEntry entry, Behaviour behaviour, int run, string reason)
        {
            if (behaviour == Behaviour.Hangs)
                (_fault, _) = ("timed out", _timedOut.Add(entry));
            else if (Dies(behaviour, run, reason))
                Die(entry, behaviour);
            return _fault is not null;
        }

        /// <summary>Whether a row of the test fails, and what for.</summary>
        public bool Fails(TestEntry entry, Behaviour behaviour, int run)
        {
            var (ofItsOwn, byInfrastructure) = behaviour switch
            {
                Behaviour.Fails => (true, false),
                Behaviour.FailsOnce => (run == 1, false),
                Behaviour.FailsByInfrastructureOnce => (false, run == 1),
                Behaviour.FailsOfItsOwnBesideInfrastructure => (true, true),
                _ => (false, false),
            };
            if (ofItsOwn)
                _ofTheirOwn.Add(entry);
            if (byInfrastructure)
                _infrastructure.Add(entry);
            return (ofItsOwn || byInfrastructure) && _failed.Add(entry);
        }

        public BatchEnd End(Batch batch)
        {
            HashSet<TestEntry> unclosed = Latest is { HasKnownRows: false } && _timedOut.Count == 0 && _active.Count == 0 ? [Latest] : [];
            _active.UnionWith(unclosed);
            return new BatchEnd { Batch = batch, Worker = 0, Rows = Rows, Failed = _failed, Infrastructure = _infrastructure, OfTheirOwn = _ofTheirOwn, Active = _active, Unclosed = unclosed, TimedOut = _timedOut, Fault = _fault };
        }

        // VSTest calls no test active of which a row has arrived.
        private void Die(TestEntry entry, Behaviour behaviour)
        {
            _fault = "the process died";
            if (!entry.HasKnownRows)
                (Latest, Rows[entry]) = (entry, History.AllRows / 2);
            else if (behaviour != Behaviour.KillsItsProcessUnseen)
                _active.Add(entry);
        }

        private static bool Dies(Behaviour behaviour, int run, string reason) => behaviour switch
        {
            Behaviour.KillsItsProcessByName => reason == BatchReasons.ByName,
            Behaviour.KillsItsProcess or Behaviour.KillsItsProcessUnseen or Behaviour.GivesSomeRowsAndKillsItsProcess => true,
            Behaviour.KillsItsProcessOnce or Behaviour.GivesSomeRowsAndKillsItsProcessOnce => run == 1,
            _ => false,
        };
    }
}
