using System.Runtime;
using System.Runtime.InteropServices;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Makes one run's artifacts out of the results of all parts. The verdict is the tests' own where there are all parts of one plan,
/// each complete, and each test in them as often as it was discovered; anything else is incomplete, and the artifacts have what is
/// there.</summary>
internal sealed class PartMerge
{
    private readonly ConcurrentTestSettings _settings;
    private readonly ILogger _logger;
    private readonly Func<string, string?> _variable;
    private readonly Redactor _redactor;
    private readonly ComparedRun? _compared;
    private readonly List<string> _flaws = [];
    private readonly List<Incident> _incidents = [];

    private PartMerge(ConcurrentTestSettings settings, ILogger logger, Func<string, string?> variable)
    {
        (_settings, _logger, _variable) = (settings, logger, variable);
        _redactor = Redactor.Of(settings);
        _compared = settings.CompareFile is { } compared ? ComparedDocument.Read(compared) : null;
    }

    /// <inheritdoc cref="ConcurrentTestRun.MergeAsync"/>
    /// <param name="variable">Reads a variable of the environment.</param>
    public static async Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, Func<string, string?> variable, CancellationToken cancellationToken)
    {
        if (settings.Queue is not null)
        {
            return settings.MergeFolders.IsEmpty
                ? await QueueMerge.RunAsync(settings.WithAbsolutePaths(), logger, cancellationToken)
                : throw new ConcurrentTestException(
                    ConcurrentTestExitCode.BadSettings, "--test-merge and --test-queue name results of two kinds of runs: give one of them.");
        }

        if (settings.MergeFolders.IsEmpty)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                "--test-merge is missing: give the results folders of all parts, or a folder that holds them, or the --test-queue that has the run.");
        }

        // Nothing waits for a merge but its end, so the collector need not work beside it. The mode is that of the whole process.
        var latency = GCSettings.LatencyMode;
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        try
        {
            return await new PartMerge(settings.WithAbsolutePaths(), logger, variable).RunAsync(cancellationToken);
        }
        finally
        {
            GCSettings.LatencyMode = latency;
        }
    }

    private async Task<ConcurrentTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var read = await ReadAsync();
        var places = PlacesOf(read);
        var settings = read is [var first, ..]
            ? SettingsOf(first.Record, read.Sum(part => part.Workers)) with { Coverage = read.Any(part => part.IsCovered) }
            : RecordedSettings.Of(_settings);
        await using var results = ResultsDirectory.Claim(settings);
        await results.BeginAsync(_logger);

        // The durations need little of the rest, so they are read and saved beside it.
        var isAll = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var saving = SaveTimingsAsync(
            [.. read.Select(part => part.Folder).Where(folder => folder.Planned is not null)], isAll.Task, cancellationToken);
        try
        {
            _flaws.AddRange(places.AsParallel().AsOrdered().Select(FlawOfCopying).OfType<string>());
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var incident in _incidents)
                _logger.LogWarning("{Kind}: {Message}", incident.Kind, _redactor.Redact(incident.Message));
            var parts = Numbered(read, places);
            isAll.SetResult(IsAll(parts));
            var (coverage, notWritten) = await MergeCoverageAsync(parts, settings, cancellationToken);
            var record = RecordOf(parts, settings) with { Coverage = coverage };

            // The reports need the memory of the parts, which are the same array.
            (read, parts) = ([], []);
            return await new MergedArtifacts(_settings, _redactor, _logger).WriteAsync(
                record, notWritten.AddRange(await saving), cancellationToken);
        }
        finally
        {
            // Nothing is written any more once the folder is given back.
            isAll.TrySetCanceled(CancellationToken.None);
            await Task.WhenAny(saving);
        }
    }

    private static async Task<(CoverageRecord? Coverage, ImmutableArray<Incident> NotWritten)> MergeCoverageAsync(
        ImmutableArray<MergedPart> parts, ConcurrentTestSettings settings, CancellationToken cancellationToken)
    {
        var asked = parts.Where(part => part.IsCovered).ToList();
        if (asked.Count == 0)
            return (null, []);
        var (coverage, notWritten) = await CoverageMerge.OfPartsAsync(
            [.. asked.Select(part => part.Folder.Coverage).OfType<string>()], asked.Count, settings, DateTimeOffset.UtcNow,
            cancellationToken);
        var lost = asked.Select(part => part.Record.Coverage).OfType<CoverageRecord>().ToList();
        return (
            coverage is null
                ? null
                : coverage with { LostBatches = lost.Sum(part => part.LostBatches), LostResults = lost.Sum(part => part.LostResults) },
            notWritten is null ? [] : [notWritten]);
    }

    private async Task<PartChoice> ChooseAsync(PartJournals journals)
    {
        var folders = await PartFolders.FindAsync(_settings, journals);
        _flaws.AddRange(folders.Flaws);
        _incidents.AddRange(folders.WithoutResults.Select(path => new Incident(
            DateTimeOffset.UtcNow, IncidentKinds.PartWithoutResults, $"{path} has no results of a part: that attempt of the part wrote none.")));
        var choice = PartChoice.Of(folders.Parts, GivenPlan(), ShardHost.RunOf(_variable));
        _flaws.AddRange(choice.Flaws);
        _incidents.AddRange(choice.Replaced.Select(Replaced));
        return choice;
    }

    private ShardPlan? GivenPlan()
    {
        try
        {
            return _settings.PlanFile is { } file ? ShardPlanFile.Read(file) : null;
        }
        catch (ConcurrentTestException exception)
        {
            _flaws.Add(exception.Message.TrimEnd('.'));
            return null;
        }
    }

    private static Incident Replaced(PartFolder folder) => new(
        folder.Seal?.FinishedAt ?? folder.StartedAt,
        IncidentKinds.PartReplaced,
        $"A later try replaced {folder}, which {(folder.Seal is { } seal
            ? FormattableString.Invariant($"ended with {seal.ExitCode} at {seal.FinishedAt:u}")
            : FormattableString.Invariant($"began at {folder.StartedAt:u} and did not come to its end"))}.");

    private async Task<MergedPart[]> ReadAsync()
    {
        var journals = new PartJournals();
        var choice = await ChooseAsync(journals);
        journals.Keep(choice.Chosen.Select(folder => folder.Path));

        // Reading a part takes a core and needs no other part.
        var read = choice.Chosen.AsParallel().AsOrdered().Select(folder => Read(folder, journals)).ToList();
        _flaws.AddRange(read.SelectMany(one => one.Flaws));
        return [.. read.Select(one => one.Part).OfType<MergedPart>()];
    }

    private static (MergedPart? Part, ImmutableArray<string> Flaws) Read(PartFolder folder, PartJournals journals)
    {
        try
        {
            return MergedPart.Of(folder, journals.Take(folder.Path));
        }
        catch (Exception exception) when (exception is ConcurrentTestException or IOException or UnauthorizedAccessException)
        {
            return (null, [exception.Message.TrimEnd('.')]);
        }
    }

    // The parts' settings say what the run was; the merge's own say where its artifacts go.
    private ConcurrentTestSettings SettingsOf(RunRecord first, int workers) => MergedArtifacts.SettingsOf(first.Settings, _settings) with
    {
        Workers = workers,
        Shard = null,
        PlanFile = _settings.PlanFile,
        MergeFolders = _settings.MergeFolders,
    };

    private ImmutableArray<MergedWorkers> PlacesOf(MergedPart[] parts)
    {
        var places = ImmutableArray.CreateBuilder<MergedWorkers>(parts.Length);
        var (workers, batches) = (0, 0);
        foreach (var part in parts)
        {
            places.Add(new MergedWorkers(part.Folder, _settings.ResultsDirectory, workers, batches));
            workers += part.Workers;
            batches += part.LastBatch;
        }

        return places.MoveToImmutable();
    }

    // Each takes the place of what it was before: there is not the memory for all tests twice.
    private static ImmutableArray<MergedPart> Numbered(MergedPart[] parts, ImmutableArray<MergedWorkers> places)
    {
        Parallel.For(0, parts.Length, index => parts[index] = parts[index] with { Record = places[index].Renumber(parts[index].Record) });
        return ImmutableCollectionsMarshal.AsImmutableArray(parts);
    }

    private static string? FlawOfCopying(MergedWorkers place)
    {
        try
        {
            place.CopyFiles();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{place.Part}: its files could not be copied: {exception.Message.TrimEnd('.')}";
        }
    }

    private RunRecord RecordOf(ImmutableArray<MergedPart> parts, ConcurrentTestSettings settings)
    {
        var end = _flaws.Count == 0
            ? RunEnd.TestsDecide
            : new RunEnd(
                ConcurrentTestExitCode.Incomplete, $"These are not the results of one whole run: {string.Join("; ", _flaws)}.");
        var record = parts.IsEmpty ? MergedRecord.Without(settings, end, DateTimeOffset.UtcNow) : MergedRecord.Of(parts, settings, end);
        return record with { Incidents = [.. _incidents, .. record.Incidents], Compared = _compared };
    }

    // Whether nothing that the parts did not run is left out of them.
    private bool IsAll(ImmutableArray<MergedPart> parts) =>
        _flaws.Count == 0 && parts is [var first, ..] && first.Record.Settings.Filter is null
            && !parts.Any(part => part.Folder.Seal?.Settings?.Keys.Any(SharedSettings.IsFilterOfAssembly) == true);

    /// <param name="isAll">See <see cref="IsAll"/>: what could not be copied is known late.</param>
    private async Task<ImmutableArray<Incident>> SaveTimingsAsync(
        ImmutableArray<PartFolder> folders, Task<bool> isAll, CancellationToken cancellationToken)
    {
        var contents = await Task.WhenAll(folders.Select(folder => Task.Run(
            async () => (Part: folder.Planned!, Timings: await ReadTimingsAsync(folder, cancellationToken)), cancellationToken)));
        ImmutableArray<(ShardPart, TimingsContent)> known =
            [.. contents.Where(one => one.Timings is not null).Select(one => (one.Part, one.Timings!))];
        if (known.IsEmpty)
            return [];
        var text = TimingsFile.TextOf(MergedTimings.Of(known, await isAll && known.Length == contents.Length));

        // What is read from the parts takes much more memory than the text.
        (contents, known) = ([], []);
        return await SavedTimings.WriteAsync(_settings, text, cancellationToken);
    }

    private async Task<TimingsContent?> ReadTimingsAsync(PartFolder folder, CancellationToken cancellationToken)
    {
        try
        {
            return await TimingsFile.ReadAsync(Path.Combine(folder.Path, ArtifactNames.Timings), cancellationToken);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("The durations of {Part} could not be read: {Reason}", folder, exception.Message);
            return null;
        }
    }
}
