namespace ConcurrentTesting.Run.Merging;

/// <summary>What a part says of itself in <see cref="ArtifactNames.Part"/>, the last thing that it writes: which part of which plan it was,
/// how it ended, and the hashes of all files that a merge reads. Without it, and where anything differs from it, the part is not
/// complete.</summary>
internal sealed record PartSeal
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required ShardRecord Shard { get; init; }
    public required string Run { get; init; }
    public required string Machine { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset FinishedAt { get; init; }
    public required int ExitCode { get; init; }

    /// <summary>What failed the part after its tests, which its journal knows nothing of; null: nothing did.</summary>
    public string? Failure { get; init; }

    /// <summary>What all parts have to share; null where no test was to run, and in what earlier versions wrote.</summary>
    public ImmutableSortedDictionary<string, string>? Settings { get; init; }

    /// <summary>Hashes by name, relative to the folder, with slashes.</summary>
    public ImmutableSortedDictionary<string, string> Files { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The hash of all that stands before it.</summary>
    public string Seal { get; init; } = "";

    /// <summary>Null where the run was all of the tests, or ended before it knew its plan.</summary>
    /// <param name="settings">What the part has to share with the others.</param>
    public static PartSeal? Of(RunRecord record, ImmutableSortedDictionary<string, string>? settings) =>
        record.Shard is not { Plan: not null } shard ? null : new PartSeal
        {
            Shard = shard,
            Run = record.RunId,
            Machine = record.Machine,
            StartedAt = record.StartedAt.ToUniversalTime(),
            FinishedAt = record.FinishedAt.ToUniversalTime(),
            ExitCode = (int)record.ExitCode,
            Settings = settings,
        };

    /// <summary>Whether a merge reads the file: what is made again from others is no matter.</summary>
    public static bool IsInput(string name) =>
        name is ArtifactNames.Plan or ArtifactNames.Journal or ArtifactNames.Timings or ArtifactNames.Coverage
            || ArtifactNames.IsWorker(name.Split('/')[0]);

    /// <summary>The file's content, with these files and the seal.</summary>
    public byte[] Close(ImmutableSortedDictionary<string, string> files)
    {
        var open = this with { Files = files, Seal = "" };
        return PartSealJson.Write(open with { Seal = ArtifactList.HashOf(PartSealJson.Write(open)) });
    }

    /// <inheritdoc cref="PartSealJson.Read"/>
    /// <exception cref="JsonException">It was changed.</exception>
    public static PartSeal Parse(byte[] json)
    {
        var seal = PartSealJson.Read(json);

        // The texts are compared byte by byte, so that no change is overlooked.
        return json.AsSpan().SequenceEqual(seal.Close(seal.Files)) ? seal : throw new JsonException("it was changed");
    }
}
