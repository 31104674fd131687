using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>The results folder of one try of a part, as the part left it.</summary>
internal sealed record PartFolder
{
    /// <summary>Absolute.</summary>
    public required string Path { get; init; }

    public required ShardRecord Shard { get; init; }
    public required string Run { get; init; }
    public required string Machine { get; init; }
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>What the try said of itself at its end; null: it did not come to it.</summary>
    public PartSeal? Seal { get; init; }

    /// <summary>Of all parts; null where the try did not come to its end.</summary>
    public ShardPlan? Plan { get; init; }

    /// <summary>What its test hosts left: names relative to the folder, with slashes.</summary>
    public required ImmutableArray<string> HostFiles { get; init; }

    /// <summary>Where a plan counts it among its parts.</summary>
    public ShardPart? Planned => Plan?.Parts[Shard.Part - 1];

    /// <summary>What its tests covered; null where it left nothing of that.</summary>
    public string? Coverage =>
        Seal?.Files.ContainsKey(ArtifactNames.Coverage) == true ? In(Path, ArtifactNames.Coverage) : null;

    public override string ToString() =>
        FormattableString.Invariant($"part {Shard.Part}/{Shard.Of} of run {Run} on {Machine} ({Path})");

    /// <param name="plans">Those that were read before.</param>
    /// <param name="journals">Reads that of the part while it waits for its plan.</param>
    /// <returns>Null: the folder has no results.</returns>
    /// <exception cref="PartFlawException">It is not what a part left.</exception>
    public static async Task<PartFolder?> ReadAsync(string path, KnownPlans plans, PartJournals journals)
    {
        try
        {
            return File.Exists(In(path, ArtifactNames.Part)) ? await ReadSealedAsync(path, plans, journals)
                : File.Exists(In(path, ArtifactNames.Journal)) ? ReadUnfinished(path)
                : Directory.Exists(path) ? null
                : throw new PartFlawException($"{path}: there is no such folder");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or ConcurrentTestException or IOException or UnauthorizedAccessException)
        {
            throw new PartFlawException(
                $"{path}: it cannot be read as the results of a part: {exception.Message.TrimEnd('.')}", exception);
        }
    }

    private static async Task<PartFolder> ReadSealedAsync(string path, KnownPlans plans, PartJournals journals)
    {
        var seal = PartSeal.Parse(File.ReadAllBytes(In(path, ArtifactNames.Part)));
        if (!seal.Files.TryGetValue(ArtifactNames.Plan, out var file) || !seal.Files.ContainsKey(ArtifactNames.Journal))
            throw new PartFlawException($"{path}: its {ArtifactNames.Plan} or {ArtifactNames.Journal} is not sealed");
        var changed = seal.Files.FirstOrDefault(file => file.Key != ArtifactNames.Plan && !IsAsSealed(path, file.Key, file.Value)).Key;
        if (changed is not null || !DirectoryContents.IsFile(path, ArtifactNames.Plan))
            throw Changed(path, changed ?? ArtifactNames.Plan);

        // The first to have a plan parses it before this returns, and reads its journal then; the others read theirs meanwhile.
        var reading = plans.ReadAsync(In(path, ArtifactNames.Plan), file);
        journals.ReadAhead(path, seal.Shard.Part);
        var plan = await reading ?? throw Changed(path, ArtifactNames.Plan);
        if (FlawOf(seal.Shard, plan, file) is { } flaw)
            throw new PartFlawException($"{path}: {flaw}");
        return new PartFolder
        {
            Path = path,
            Shard = seal.Shard,
            Run = seal.Run,
            Machine = seal.Machine,
            StartedAt = seal.StartedAt,
            Seal = seal,
            Plan = plan,
            HostFiles = [.. seal.Files.Keys.Where(name => ArtifactNames.IsWorker(name.Split('/')[0]))],
        };
    }

    private static PartFlawException Changed(string path, string name) => new($"{path}: {name} is missing or is not as the part left it");

    // The part's process was ended from outside, or ended before it knew its plan.
    private static PartFolder ReadUnfinished(string path)
    {
        var journal = SavedJournal.Read(path);
        var started = (RunStarted)journal.Events[0];
        var shard = journal.Events.OfType<PartKnown>().LastOrDefault()?.Shard
            ?? throw new PartFlawException($"{path}: its run {started.Run} was not a part of a run on several machines");
        if (!new Shard(shard.Part, shard.Of).IsValid)
            throw new PartFlawException(FormattableString.Invariant($"{path}: there is no part {shard.Part}/{shard.Of}"));
        return new PartFolder
        {
            Path = path,
            Shard = shard,
            Run = started.Run,
            Machine = started.Machine,
            StartedAt = started.At,
            HostFiles = [.. DirectoryContents.Folders(path).Where(ArtifactNames.IsWorker)
                .SelectMany(folder => DirectoryContents.FilesBelow(path, folder)).Where(name => !MayHoldSecrets(name))],
        };
    }

    // Test hosts' files lose their secrets at a part's end, and a merge does not know the secrets; the journal has the results.
    private static bool MayHoldSecrets(string name) =>
        System.IO.Path.GetExtension(name).ToLowerInvariant() is ".trx" or ".log";

    // A part writes the plan as it is hashed.
    private static string? FlawOf(ShardRecord shard, ShardPlan plan, string hash)
    {
        if (hash != shard.Plan || plan.Discovery != shard.Discovery)
            return "its plan.json is not the plan that it is a part of";
        return plan.Parts.Length == shard.Of && new Shard(shard.Part, shard.Of).IsValid
            ? null
            : FormattableString.Invariant($"the plan has {plan.Parts.Length} parts, and this is {shard.Part}/{shard.Of}");
    }

    private static bool IsAsSealed(string folder, string name, string hash) =>
        DirectoryContents.IsFile(folder, name) && ArtifactList.HashOf(In(folder, name)) == hash;

    private static string In(string folder, string name) => System.IO.Path.Combine(folder, name);
}

/// <summary>Something is wrong with a folder that was to be merged.</summary>
internal sealed class PartFlawException(string message, Exception? innerException = null) : Exception(message, innerException);
