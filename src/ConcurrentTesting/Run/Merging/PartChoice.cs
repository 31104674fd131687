using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>The tries of the parts that count, those that a later one replaced, and what is missing to a whole run.</summary>
internal sealed record PartChoice(ImmutableArray<PartFolder> Chosen, ImmutableArray<PartFolder> Replaced, ImmutableArray<string> Flaws)
{
    /// <param name="folders">In any order.</param>
    /// <param name="plan">The plan that they have to be of; null: of whichever, but one.</param>
    /// <param name="pipeline">The pipeline that the parts must be of where they name one; null: any, but one for all.</param>
    public static PartChoice Of(ImmutableArray<PartFolder> folders, ShardPlan? plan, string? pipeline)
    {
        var hash = plan is null ? null : ShardPlanFile.HashOf(plan);
        ImmutableArray<PartFolder> foreign = [.. folders.Where(folder => hash is not null && (folder.Shard.Plan ?? hash) != hash)];
        ImmutableArray<PartFolder> fitting = [.. folders.Except(foreign)];
        ImmutableArray<string> flaws =
        [
            .. foreign.Select(folder => $"{folder} is of another plan than --test-plan"),
            .. Several(fitting),
            .. plan?.Id is null ? Stale(fitting, pipeline, plan) : [],
        ];
        if (fitting.IsEmpty)
            flaws = flaws.Add("there is no part to merge");

        // Nobody can know which of several plans is right.
        return fitting.IsEmpty || flaws.Length > foreign.Length ? new PartChoice([], [], flaws) : OfOnePlan(fitting, flaws);
    }

    private static PartChoice OfOnePlan(ImmutableArray<PartFolder> folders, ImmutableArray<string> flaws)
    {
        var tries = folders.DistinctBy(folder => folder.Run).GroupBy(folder => folder.Shard.Part)
            .Select(part => part.OrderByDescending(AttemptOf).ThenByDescending(folder => folder.StartedAt).ToImmutableArray()).ToList();
        ImmutableArray<PartFolder> chosen = [.. tries.Select(part => part[0]).OrderBy(folder => folder.Shard.Part)];
        return new PartChoice(
            chosen,
            [.. tries.SelectMany(part => part.Skip(1))],
            [.. flaws, .. Twice(folders), .. tries.SelectMany(Unordered), .. Differing(chosen), .. Missing(folders)]);
    }

    // Where nothing names the pipeline, a job that is started again begins with attempt 1 again, so attempts prove nothing.
    private static long AttemptOf(PartFolder folder) => folder.Shard is { Pipeline: not null, Attempt: { } attempt } ? attempt : 0;

    private static IEnumerable<string> Several(ImmutableArray<PartFolder> folders)
    {
        (string What, IEnumerable<string?> Values)[] shared =
        [
            ("plans", folders.Select(folder => folder.Shard.Plan).OfType<string>()),
            ("pipelines", folders.Select(folder => folder.Shard.Pipeline)),
            ("divisions", folders.Select(folder => FormattableString.Invariant($"{folder.Shard.Of}"))),
            ("systems", folders.Select(folder => folder.Shard.Platform).OfType<string>()),
            ("commits", folders.Select(folder => folder.Shard.Commit).OfType<string>()),
        ];
        return shared.Where(one => one.Values.Distinct(StringComparer.Ordinal).Skip(1).Any())
            .Select(one => $"the parts are of several {one.What}: {string.Join(", ", folders)}");
    }

    // A folder that was kept from an earlier build may be whole. Parts by hash have the same plan in each build.
    private static IEnumerable<string> Stale(ImmutableArray<PartFolder> folders, string? pipeline, ShardPlan? plan) =>
        folders.Where(folder => pipeline is not null && (folder.Shard.Pipeline ?? pipeline) != pipeline).Take(1).Select(
            folder => $"{folder} is of pipeline {folder.Shard.Pipeline}, and this merge of {pipeline}: begin with an empty folder"
                + ((plan ?? folder.Plan)?.Id is null ? "" : ", or say with --test-plan which plan is meant"));

    private static IEnumerable<string> Twice(ImmutableArray<PartFolder> folders) => folders.GroupBy(folder => folder.Run)
        .Where(same => same.Skip(1).Any()).Select(same => $"the same run is there twice: {string.Join(", ", same)}");

    // Two jobs of one pipeline ran the same part: neither says anything of the other.
    private static IEnumerable<string> Unordered(ImmutableArray<PartFolder> tries)
    {
        if (tries.Select(folder => folder.Shard.Job).OfType<string>().Distinct(StringComparer.Ordinal).Skip(1).Any())
            yield return $"jobs of several names ran the same part, so none replaces another: {string.Join(", ", tries)}";

        foreach (var same in tries.Where(folder => folder.Shard is { Attempt: not null, Pipeline: not null }).GroupBy(AttemptOf))
        {
            if (same.Skip(1).Any())
                yield return $"the same part was run twice in one attempt, so neither replaces the other: {string.Join(", ", same)}";
        }
    }

    // What decides what was tested, and how: one green run of two halves would say what neither does.
    private static IEnumerable<string> Differing(ImmutableArray<PartFolder> chosen)
    {
        var known = chosen.Where(folder => folder.Seal?.Settings is not null)
            .Select(folder => (folder.Shard.Part, Settings: folder.Seal!.Settings!)).ToList();
        foreach (var name in known.SelectMany(part => part.Settings.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var values = known.DistinctBy(part => part.Settings.GetValueOrDefault(name)).ToList();
            if (values.Count > 1)
            {
                yield return $"the parts differ in {name}: " + string.Join(", ", values.Select(
                    part => FormattableString.Invariant($"{part.Settings.GetValueOrDefault(name) ?? "none"} in part {part.Part}")));
            }
        }
    }

    private static IEnumerable<string> Missing(ImmutableArray<PartFolder> folders)
    {
        var of = folders[0].Shard.Of;
        var missing = Enumerable.Range(1, of).Except(folders.Select(folder => folder.Shard.Part)).ToList();
        if (missing.Count == 0)
            yield break;
        var plan = folders.Select(folder => folder.Plan).FirstOrDefault(plan => plan is not null);
        yield return FormattableString.Invariant($"{missing.Count} of {of} parts {(missing.Count == 1 ? "is" : "are")} missing: ")
            + string.Join(", ", missing.Select(part => plan is null
                ? FormattableString.Invariant($"{part}")
                : FormattableString.Invariant($"{part} with {Quantity.Of(plan.Parts[part - 1].Tests, "test")}")));
    }
}
