namespace ConcurrentTesting.Queue;

/// <summary>A machine as a run knows it.</summary>
/// <param name="Id">Of this process alone.</param>
/// <param name="Name">As people call it.</param>
internal sealed record QueueMachine(Guid Id, string Name, int Workers);

/// <summary>A test of a run, numbered by its place among all tests.</summary>
internal sealed record QueueTest(string Name, int Cases)
{
    /// <summary>The first of the tests that it may have to come back with; null: there are no others.</summary>
    public int? Peers { get; init; }

    /// <summary>It may not be itself without all of them. Otherwise those that skipped themselves come back with those that come
    /// back.</summary>
    public bool NeedsPeers { get; init; }
}

/// <summary>Tests that go to a worker as a whole.</summary>
internal sealed record QueueItem
{
    /// <summary>The place of the tests' assembly among all of the run.</summary>
    public required int Assembly { get; init; }

    public required ImmutableArray<int> Tests { get; init; }

    /// <summary>The test that ran when its process died, which they are to try; null: another reason made the item.</summary>
    public int? Suspect { get; init; }

    /// <summary>Those that have their results and come along because others are not themselves without them.</summary>
    public ImmutableArray<int> Companions { get; init; } = [];

    /// <summary>How many cases they are.</summary>
    public required int Cases { get; init; }

    /// <summary>What they are expected to take.</summary>
    public required double Seconds { get; init; }

    public bool FailedLast { get; init; }

    /// <summary>Why they are to run, in the words of a batch.</summary>
    public required string Reason { get; init; }

    /// <summary>How often they came back without any progress.</summary>
    public int Fruitless { get; init; }

    /// <summary>Nothing else goes to a worker together with them.</summary>
    public bool IsAlone { get; init; }

    /// <summary>What they must not run beside; <c>exclusive</c>: anything.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>Another machine is to run them, unless there is none.</summary>
    public bool NotHere { get; init; }

    /// <summary>How many reruns of the run's budget they cost.</summary>
    public int Reruns { get; init; }

    /// <summary>How long they wait.</summary>
    public double DelaySeconds { get; init; }
}

/// <summary>What a leader fills a run with.</summary>
/// <param name="Fingerprint">What all machines have to share, by name.</param>
/// <param name="Events">The plan, as lines of a journal.</param>
internal sealed record QueuePlan(
    ImmutableSortedDictionary<string, string> Fingerprint, byte[] Events, ImmutableArray<QueueTest> Tests, ImmutableArray<QueueItem> Items)
{
    /// <summary>What earlier attempts of the run are called, the latest first.</summary>
    public ImmutableArray<string> Earlier { get; init; } = [];
}

/// <summary>How a machine came into a run.</summary>
/// <param name="IsLeader">It filled the run.</param>
/// <param name="Fingerprint">The run's.</param>
/// <param name="Lease">How long a claim holds without a heartbeat.</param>
/// <param name="Machines">The names of the other machines that are in it.</param>
/// <param name="Left">The tests that are not done.</param>
/// <param name="IsOld">It was sealed so long ago that nobody can mean it any more.</param>
internal sealed record QueueJoined(
    bool IsLeader, ImmutableSortedDictionary<string, string> Fingerprint, TimeSpan Lease, bool HasExclusive,
    ImmutableArray<string> Machines, int Left, DateTime CreatedAt, QueueSeal? Seal, bool IsOld);

/// <summary>A sealed run's verdict.</summary>
/// <param name="Machines">The names of all machines that came into it.</param>
internal sealed record QueueSeal(int ExitCode, string Reason, DateTime At, ImmutableArray<string> Machines);

/// <summary>What was used of a test's budgets.</summary>
internal readonly record struct QueueTries(int Test, int Reruns, int Retries)
{
    /// <summary>It has failed on any machine, and has not passed since.</summary>
    public bool HasFailed { get; init; }
}

/// <summary>Items that a worker has, under one lease.</summary>
internal sealed record QueueClaim
{
    /// <summary>From the server's sequence; whoever has a later one for the same items has them.</summary>
    public required long Lease { get; init; }

    public required int Assembly { get; init; }
    public required ImmutableArray<int> Tests { get; init; }
    public int? Suspect { get; init; }
    public ImmutableArray<int> Companions { get; init; } = [];
    public required double Seconds { get; init; }
    public required string Reason { get; init; }
    public required int Fruitless { get; init; }
    public required ImmutableArray<string> Groups { get; init; }
    public required ImmutableArray<QueueTries> Tries { get; init; }
}

/// <summary>What a worker is told when it asks for items.</summary>
/// <param name="Claim">Null: there are none that it may have now.</param>
/// <param name="Lost">The machines that were not heard of for too long, with the tests that others have now.</param>
internal sealed record QueueTurn(QueueClaim? Claim, QueueState State, ImmutableArray<(string Machine, int Tests)> Lost);

/// <summary>How far a run is.</summary>
/// <param name="Waiting">Items that somebody has still to run: 1 stands for any number.</param>
/// <param name="Machines">Machines that take items and have been heard of lately.</param>
/// <param name="Reruns">How many tests were asked to run again because they had failed.</param>
/// <param name="HasOverdue">A lease has ended that nobody has taken back yet.</param>
internal sealed record QueueState(int Waiting, int Machines, int Reruns, QueueSeal? Seal, bool HasOverdue);

/// <summary>A result of a batch.</summary>
/// <param name="Row">Counts the test's rows in the batch, from 0.</param>
internal readonly record struct QueueResult(int Test, int Row, string Outcome);

/// <summary>What a worker says at the end of a claim.</summary>
internal sealed record QueueAcknowledgement
{
    public required long Lease { get; init; }

    /// <summary>What happened in it, as lines of a journal.</summary>
    public required byte[] Events { get; init; }

    public required ImmutableArray<QueueResult> Results { get; init; }

    /// <summary>What of it runs again; all other tests of the claim are done.</summary>
    public ImmutableArray<QueueItem> Again { get; init; } = [];

    /// <summary>What was used of the tests' budgets by now.</summary>
    public ImmutableArray<QueueTries> Tries { get; init; } = [];

    /// <summary>How many of them run again because they failed.</summary>
    public int Reruns { get; init; }

    /// <summary>How many may, of all machines.</summary>
    public int MostReruns { get; init; } = int.MaxValue;

    /// <summary>Nothing failed in it outside of tests: a later attempt of the run need not repeat it.</summary>
    public bool IsGood { get; init; } = true;

    /// <summary>The infrastructure failed in it.</summary>
    public bool IsFaulty { get; init; }

    public QueueBeside Beside { get; init; } = QueueBeside.Nothing;
}

/// <summary>What happened on a machine beside its claims, as far as the queue may not know of it.</summary>
/// <param name="First">The place of the first among all of the machine.</param>
/// <param name="Events">Each as a line of a journal.</param>
/// <param name="Good">For each event, whether nothing failed, so that a later attempt need not run the machine's batches again.</param>
internal sealed record QueueBeside(int First, ImmutableArray<byte[]> Events, ImmutableArray<bool> Good)
{
    public static readonly QueueBeside Nothing = new(0, [], []);

    /// <summary>How many there are by now.</summary>
    public int Next => First + Events.Length;
}

/// <summary>Leases as a machine tells that it goes on with them.</summary>
/// <param name="Held">All that it has.</param>
/// <param name="Begun">Those of them whose tests have begun.</param>
/// <param name="Patience">How long one test may take.</param>
internal sealed record QueueLeases(IReadOnlyCollection<long> Held, IReadOnlyCollection<long> Begun, TimeSpan Patience);

/// <summary>What became of an acknowledgement.</summary>
/// <param name="IsTaken">The lease was no longer the machine's: nothing was written.</param>
/// <param name="Faults">How many faulty ends of the machine came one after another.</param>
/// <param name="OthersPass">Another machine is there whose last item ended well.</param>
/// <param name="Denied">How many reruns it was not granted, because the machines together have used up all.</param>
internal sealed record QueueAnswer(bool IsTaken, int Faults, bool OthersPass, int Denied = 0);

/// <summary>All that the machines of a run have left in the queue.</summary>
internal sealed record QueuedResults(
    byte[] Plan, ImmutableArray<QueuedMachine> Machines, ImmutableArray<QueuedBatch> Batches, ImmutableArray<QueuedTest> NotDone,
    QueueSeal? Seal, DateTime CreatedAt, bool IsOld);

/// <summary>What a machine is to its run, as the tables write it.</summary>
internal static class MachineState
{
    public const string Joined = "joined";

    /// <summary>It went before the run's end, which did not need it.</summary>
    public const string Left = "left";

    public const string Ended = "ended";

    /// <summary>It was in an earlier attempt of the run.</summary>
    public const string Earlier = "earlier";
}

/// <param name="Events">What happened on it beside its claims, in its order.</param>
internal sealed record QueuedMachine(Guid Id, int Number, string Name, int Workers, string State, ImmutableArray<byte[]> Events)
{
    /// <summary>It was in the run and nobody has heard of its end.</summary>
    public bool HasNotEnded => State == MachineState.Joined;

    /// <summary>It was in an earlier attempt of the run.</summary>
    public bool IsEarlier => State == MachineState.Earlier;
}

/// <param name="Results">How many results the queue has counted of it.</param>
internal sealed record QueuedBatch(Guid Machine, byte[] Events, int Results);

/// <summary>A test that has not all of its results.</summary>
/// <param name="Story">Why nobody tries it any more; null: somebody may.</param>
internal sealed record QueuedTest(int Test, string Name, string? Story);
