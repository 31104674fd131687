namespace ConcurrentTesting.Run.Merging;

/// <summary>One run out of its parts' records.</summary>
internal static class MergedRecord
{
    private const int MostMachines = 3;

    /// <param name="parts">Part by part, with workers and batches of one numbering; at least one.</param>
    /// <param name="settings">The merged run's.</param>
    /// <param name="end">How the merged run ends where its tests do not decide.</param>
    public static RunRecord Of(ImmutableArray<MergedPart> parts, ConcurrentTestSettings settings, RunEnd end)
    {
        ImmutableArray<RunRecord> records = [.. parts.Select(part => part.Record)];
        ImmutableArray<TestRecord> tests = InOrder(records);
        ImmutableArray<OutsideFailure> outside = [.. OutsideFailure.Together(records.SelectMany(part => part.Outside))];
        var (exitCode, reason) = VerdictOf(end, tests, outside, settings, records);
        var phases = Phases(records);
        var bound = tests.IsEmpty
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(parts.Select(part => part.Bound).Aggregate((one, other) => one.With(other)).On(settings.Workers));
        return new RunRecord
        {
            RunId = $"{records[0].RunId}-merged",
            Settings = settings,
            Machine = MachineOf(records.Select(part => part.Machine)),
            Seed = records[0].Seed,
            StartedAt = records.Min(part => part.StartedAt),
            FinishedAt = records.Max(part => part.FinishedAt),
            Between = Between(records),
            ExitCode = exitCode,
            Reason = reason,
            Discovered = records.Sum(part => part.Discovered),
            Explicit = records.Sum(part => part.Explicit),
            Tests = tests,
            Outside = outside,
            Batches = [.. records.SelectMany(part => part.Batches)],
            Workers = [.. records.SelectMany(part => part.Workers)],
            Incidents = [.. records.SelectMany(part => part.Incidents).OrderBy(incident => incident.At)],
            PreparationRetries = Retries(records),
            Database = DatabaseOf([.. records.Select(part => part.Database).OfType<DatabaseRecord>()]),
            Overrides = [.. records.SelectMany(part => part.Overrides).Distinct(StringComparer.Ordinal)],
            LowerBound = bound,
            KnownTimings = tests.IsEmpty ? 0 : records.Sum(part => part.KnownTimings * part.Tests.Length) / tests.Length,
            Phases = phases,
            PhaseSpans = PhaseSpan.Together(records.SelectMany(part => part.PhaseSpans)),
            WorkSpans = [.. records.SelectMany(part => part.WorkSpans)],
            Efficiency = phases.TryGetValue(PhaseNames.Tests, out var seconds) && seconds > 0 && !tests.IsEmpty
                ? bound.TotalSeconds / seconds
                : null,
            Parts = PartsOf(parts),
        };
    }

    /// <summary>The record of a run of which nothing is known but why it is incomplete.</summary>
    public static RunRecord Without(ConcurrentTestSettings settings, RunEnd end, DateTimeOffset at) => new()
    {
        RunId = "merged",
        Settings = settings,
        Seed = 0,
        StartedAt = at,
        FinishedAt = at,
        ExitCode = ConcurrentTestExitCode.Incomplete,
        Reason = end.Reason,
        Discovered = 0,
        Tests = [],
        Batches = [],
        Workers = [],
        Incidents = [],
    };

    // Each part has its tests in the order of their ids; of equal ones the first part's come first.
    private static ImmutableArray<TestRecord> InOrder(ImmutableArray<RunRecord> parts)
    {
        var tests = ImmutableArray.CreateBuilder<TestRecord>(parts.Sum(part => part.Tests.Length));
        var next = new PriorityQueue<(int Part, int Test), (string Id, int Part)>(
            Comparer<(string Id, int Part)>.Create((one, other) => string.CompareOrdinal(one.Id, other.Id) is not 0 and var order
                ? order
                : one.Part.CompareTo(other.Part)));
        for (var part = 0; part < parts.Length; part++)
        {
            if (!parts[part].Tests.IsEmpty)
                next.Enqueue((part, 0), (parts[part].Tests[0].Id, part));
        }

        while (next.TryPeek(out var at, out _))
        {
            var of = parts[at.Part].Tests;
            tests.Add(of[at.Test]);
            if (at.Test + 1 < of.Length)
                next.DequeueEnqueue((at.Part, at.Test + 1), (of[at.Test + 1].Id, at.Part));
            else
                next.Dequeue();
        }

        return tests.MoveToImmutable();
    }

    // A part may have had stricter settings than the first.
    private static (ConcurrentTestExitCode ExitCode, string Reason) VerdictOf(
        RunEnd end, ImmutableArray<TestRecord> tests, ImmutableArray<OutsideFailure> outside, ConcurrentTestSettings settings,
        ImmutableArray<RunRecord> parts)
    {
        var verdict = Verdict.Of(end, tests, outside, settings);
        return verdict.ExitCode == ConcurrentTestExitCode.Success
            && parts.FirstOrDefault(part => part.ExitCode != ConcurrentTestExitCode.Success) is { } failed
                ? (failed.ExitCode, FormattableString.Invariant($"Part {failed.Shard!.Part}: {failed.Reason}"))
                : verdict;
    }

    private static ImmutableArray<PartRecord> PartsOf(ImmutableArray<MergedPart> parts)
    {
        var found = ImmutableArray.CreateBuilder<PartRecord>();
        var worker = 0;
        foreach (var part in parts)
        {
            var record = part.Record;
            found.Add(new PartRecord(
                part.Folder.Shard.Part, record.Machine, record.RunId, worker, part.Workers, record.Tests.Length, record.Wall.TotalSeconds,
                part.Folder.Seal?.ExitCode ?? (int)record.ExitCode));
            worker += part.Workers;
        }

        return found.ToImmutable();
    }

    /// <summary>The machines of a run in one name.</summary>
    public static string MachineOf(IEnumerable<string> names)
    {
        var machines = names.Distinct(StringComparer.Ordinal).ToList();
        return machines.Count > MostMachines
            ? FormattableString.Invariant($"{machines.Count} machines")
            : string.Join(", ", machines);
    }

    private static TimeSpan Between(ImmutableArray<RunRecord> parts)
    {
        var (between, end) = (TimeSpan.Zero, DateTimeOffset.MaxValue);
        foreach (var part in parts.OrderBy(part => part.StartedAt))
        {
            if (part.StartedAt > end)
                between += part.StartedAt - end;
            end = end == DateTimeOffset.MaxValue || part.FinishedAt > end ? part.FinishedAt : end;
        }

        return between;
    }

    // The machines went through the phases side by side.
    private static ImmutableSortedDictionary<string, double> Phases(ImmutableArray<RunRecord> parts) =>
        parts.SelectMany(part => part.Phases).GroupBy(phase => phase.Key)
            .ToImmutableSortedDictionary(phase => phase.Key, phase => phase.Max(one => one.Value), StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, RetryCount> Retries(ImmutableArray<RunRecord> parts) =>
        parts.SelectMany(part => part.PreparationRetries).GroupBy(retry => retry.Key).ToImmutableSortedDictionary(
            retry => retry.Key,
            retry => new RetryCount(retry.Sum(one => one.Value.Tried), retry.Sum(one => one.Value.Succeeded)),
            StringComparer.Ordinal);

    /// <summary>What the databases of all machines came to.</summary>
    public static DatabaseRecord? DatabaseOf(ImmutableArray<DatabaseRecord> parts) => parts is not [var first, ..] ? null : first with
    {
        Clones = [.. parts.SelectMany(part => part.Clones)],
        CloneOf = [.. parts.SelectMany(part => part.CloneOf)],
        CloneTimes = [.. parts.SelectMany(part => part.CloneTimes)],
        DropTimes = [.. parts.SelectMany(part => part.DropTimes)],
        Statistics = [.. parts.SelectMany(part => part.Statistics)],
        Kept = [.. parts.SelectMany(part => part.Kept)],
        Overrides = [.. parts.SelectMany(part => part.Overrides).Distinct(StringComparer.Ordinal)],
        Counts = parts.SelectMany(part => part.Counts).GroupBy(count => count.Key)
            .ToImmutableSortedDictionary(count => count.Key, count => count.Sum(one => one.Value), StringComparer.Ordinal),
    };
}
