using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>Two attempts of a run, and what the second has to run after what became of the first.</summary>
/// <param name="items">
/// Of each test of each item what it is to the others of its item (0: nothing, 1: of one class with others, 2: those of this kind need each other), and its outcome in the first attempt.
/// </param>
/// <param name="good">Whether nothing failed outside of tests while an item ran.</param>
internal sealed class QueueAttempts(QueueServer server, string run, (int Kind, int Outcome)[][] items, bool[] good)
{
    private const string None = "-";

    private static readonly string[] Outcomes = ["Passed", "Passed", "Skipped", "Failed", None];

    private readonly Test[] _tests = Numbered(items, good);

    public async Task FirstAsync()
    {
        await using var machine = new PlayedMachine(server.ConnectionString, $"{run}-1");
        await machine.JoinAsync(Plan());
        while (await machine.ClaimAsync() is { } claim)
        {
            var ran = claim.Tests.Select(test => _tests[test]).ToList();
            var results = ran.Where(test => test.Outcome != None).Select(test => new QueueResult(test.Number, 0, test.Outcome));
            await machine.Run.AcknowledgeAsync(0, PlayedMachine.End(claim) with { Results = [.. results], IsGood = ran[0].IsGood }, CancellationToken.None);
        }
    }

    /// <returns>The items that run again, each with its tests, and all other tests that run.</returns>
    public async Task<List<string>> SecondAsync()
    {
        await using var machine = new PlayedMachine(server.ConnectionString, $"{run}-2");
        await machine.JoinAsync(Plan() with { Earlier = [$"{run}-1"] });
        var told = new List<string>();
        while (await machine.ClaimAsync() is { } claim)
        {
            told.AddRange(claim.Reason == BatchReasons.Rerun ? [$"again {string.Join(' ', claim.Tests)}"] : claim.Tests.Select(test => $"{test}"));
            await machine.PassAsync(claim);
        }

        return [.. told.Order(StringComparer.Ordinal)];
    }

    public List<string> Expected() =>
        [.. _tests.GroupBy(test => (test.Item, Peers: test.Kind == 0 ? test.Number : -test.Kind)).SelectMany(Expected).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Expected(IEnumerable<Test> peers)
    {
        if (peers.All(test => test.IsDone))
            return [];
        var left = peers.Where(test => !test.IsDone || test.ComesAlong).ToList();
        return left.GroupBy(test => left.Exists(one => one.ComesAlong) ? 0 : test.Number).SelectMany(Told);
    }

    private static IEnumerable<string> Told(IEnumerable<Test> together) => together.Any(test => test.HasRun)
        ? [$"again {string.Join(' ', together.Select(test => test.Number))}"]
        : together.Select(test => $"{test.Number}");

    private QueuePlan Plan()
    {
        var plan = PlayedMachine.Plan([.. items.Select(item => item.Length)]);
        foreach (var peers in _tests.Where(test => test.Kind > 0).GroupBy(test => (test.Item, test.Kind)))
            plan = PlayedMachine.Peers(plan, peers.Key.Kind == 2, [.. peers.Select(test => test.Number)]);

        // Each item goes to a worker by itself, so that what failed beside its tests is its own.
        return plan with { Items = [.. plan.Items.Select(item => item with { IsAlone = true })] };
    }

    private static Test[] Numbered((int Kind, int Outcome)[][] items, bool[] good) =>
        [.. items.SelectMany((tests, item) => tests.Select(test => (item, test))).Select(
            (one, number) => new Test(number, one.item, one.test.Kind, Outcomes[one.test.Outcome], good[one.item]))];

    private sealed record Test(int Number, int Item, int Kind, string Outcome, bool IsGood)
    {
        public bool IsDone => IsGood && (Outcome is "Passed" or "Skipped");

        public bool HasRun => IsGood && Outcome != None;

        /// <summary>It runs again where one of its peers does, and they run together.</summary>
        public bool ComesAlong => Kind == 2 || (IsGood && Outcome == "Skipped");
    }
}
