using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Results;
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
        KillsItsProcess,
        KillsItsProcessOnce,
        KillsItsProcessUnseen,
        Hangs,
        GivesNoResult,
        GivesNoResultById,
        GivesOneResultTooFew,
        GivesManyRows,
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
    public void A_case_that_shares_its_id_counts_every_occurrence()
    {
        var twins = Catalogs.Entry(Assembly, "Orders", "Ships", cases: 3);
        var accounting = NewAccounting([twins]);
        var rows = new Dictionary<TestEntry, int> { [twins] = 2 };

        var verdict = accounting.Judge(End([twins], BatchReasons.ByName) with { Rows = rows });

        verdict.Settled.ShouldHaveSingleItem().Message.ShouldContain("3 times and gave 2");
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

    private static Accounting NewAccounting(IEnumerable<TestEntry> entries, int reruns = 0) =>
        new(entries.ToDictionary(entry => entry, _ => 1.0), reruns, int.MaxValue);

    private static BatchEnd End(
        TestEntry[] entries, string reason, string? fault = null, TestEntry[]? arrived = null, TestEntry[]? active = null, TestEntry[]? failed = null) => new()
        {
            Batch = BatchOf.Entries(Assembly, entries.Select(entry => (entry, 1.0)), reason, null),
            Worker = 3,
            Rows = (arrived ?? []).ToDictionary(entry => entry, entry => entry.Cases.Length),
            Failed = (failed ?? []).ToHashSet(),
            Active = (active ?? []).ToHashSet(),
            TimedOut = new HashSet<TestEntry>(),
            Fault = fault,
        };

    /// <summary>Runs batches of tests that behave in all ways, one batch after another as a queue would, and keeps the books itself.</summary>
    private sealed class History
    {
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
                _behaviours.Add(Catalogs.Entry(Assembly, $"Class{_random.Next(5)}", $"Test{index}", behaviours[index] == Behaviour.GivesOneResultTooFew ? 2 : 1), behaviours[index]);
            _accounting = NewAccounting(_behaviours.Keys, reruns);
        }

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
                foreach (var again in verdict.Again)
                    queue.Enqueue(again);
            }
        }

        public void Check()
        {
            foreach (var (entry, behaviour) in _behaviours)
            {
                var settled = _settled.GetValueOrDefault(entry, []);
                switch (behaviour)
                {
                    case Behaviour.Passes or Behaviour.GivesManyRows or Behaviour.KillsItsProcessOnce or Behaviour.GivesNoResultById:
                        settled.ShouldBeEmpty($"{behaviour} was blamed: {string.Join(' ', settled.Select(test => test.Message))}");
                        _rows.GetValueOrDefault(entry).ShouldBeGreaterThan(0);
                        break;
                    case Behaviour.Fails or Behaviour.FailsOnce:
                        settled.ShouldBeEmpty();
                        _failedLast[entry].ShouldBe(behaviour == Behaviour.Fails || _reruns == 0);
                        break;
                    case Behaviour.KillsItsProcess:
                        settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Failed);
                        break;
                    case Behaviour.Hangs:
                        settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.TimedOut);
                        break;
                    default:
                        settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Error);
                        break;
                }
            }
        }

        private BatchEnd Host(Batch batch)
        {
            var rows = new Dictionary<TestEntry, int>();
            var failed = new HashSet<TestEntry>();
            var active = new HashSet<TestEntry>();
            var timedOut = new HashSet<TestEntry>();
            string? fault = null;
            foreach (var entry in batch.Entries)
            {
                var run = _runs[entry] = _runs.GetValueOrDefault(entry) + 1;
                var behaviour = _behaviours[entry];
                if (Dies(behaviour, run))
                {
                    fault = "the process died";
                    if (behaviour != Behaviour.KillsItsProcessUnseen)
                        active.Add(entry);
                    break;
                }

                if (behaviour == Behaviour.Hangs)
                {
                    fault = "timed out";
                    timedOut.Add(entry);
                    break;
                }

                if (RowsOf(behaviour, batch.Reason) is var count and > 0)
                    _rows[entry] = rows[entry] = count;
                _failedLast[entry] = behaviour == Behaviour.Fails || (behaviour == Behaviour.FailsOnce && run == 1);
                if (_failedLast[entry])
                    failed.Add(entry);
            }

            return new BatchEnd { Batch = batch, Worker = 0, Rows = rows, Failed = failed, Active = active, TimedOut = timedOut, Fault = fault };
        }

        private void Settle(SettledTest settled)
        {
            if (!_settled.TryGetValue(settled.Entry, out var list))
                _settled.Add(settled.Entry, list = []);
            list.Add(settled);
        }

        private static bool Dies(Behaviour behaviour, int run) => behaviour switch
        {
            Behaviour.KillsItsProcess or Behaviour.KillsItsProcessUnseen => true,
            Behaviour.KillsItsProcessOnce => run == 1,
            _ => false,
        };

        private static int RowsOf(Behaviour behaviour, string reason) => behaviour switch
        {
            Behaviour.GivesNoResult => 0,
            Behaviour.GivesNoResultById => reason == BatchReasons.ByName ? 1 : 0,
            Behaviour.GivesManyRows => 4,
            _ => 1,
        };
    }
}
