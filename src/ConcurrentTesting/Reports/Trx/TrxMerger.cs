using System.Xml;
using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>Makes one TRX file of a run. The record says which results there are and how they ended; the batches' own TRX files add what
/// only VSTest knows: start times, captured output, attachments, definitions, and what was said of the run as a whole.</summary>
internal static class TrxMerger
{
    /// <summary>Writes the merged file, one input and one row at a time, and returns what was wrong with the inputs.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static ImmutableArray<Incident> Merge(
        RunRecord record, Stream output, AttachmentFolder attachments, ReportText text, CancellationToken cancellationToken)
    {
        var incidents = ImmutableArray.CreateBuilder<Incident>();
        var summary = new TrxSummary();
        var attempts = ByBatch(record);
        using var writer = new TrxWriter(output, text, record.Entries.Length);
        var rows = new TrxRows(record, writer, attachments);

        writer.Begin(record);

        // Batches come in their order, so that an earlier attempt's attachments are gathered before the final attempt's row tells of them.
        foreach (var batch in record.Batches.OrderBy(batch => batch.Number))
        {
            if (batch.TrxFile is null)
            {
                attempts.GetValueOrDefault(batch.Number)?.ForEach(rows.Write);
                continue;
            }

            var input = new TrxInput(batch, attempts.GetValueOrDefault(batch.Number) ?? [], rows, summary, attachments, text);
            incidents.AddRange(Read(record, batch, input, cancellationToken));
            input.WriteLeft();
        }

        WriteUnbatched(record, attempts, rows);
        writer.Finish(record, summary);
        incidents.AddRange(attachments.Incidents(record.FinishedAt));
        return incidents.ToImmutable();
    }

    private static OrderedDictionary<int, List<RecordedAttempt>> ByBatch(RunRecord record)
    {
        var attempts = new OrderedDictionary<int, List<RecordedAttempt>>();
        foreach (var test in record.Entries)
        {
            foreach (var attempt in test.Attempts)
            {
                if (!attempts.TryGetValue(attempt.Batch, out var batch))
                    attempts.Add(attempt.Batch, batch = []);
                batch.Add(new RecordedAttempt(test, attempt));
            }
        }

        return attempts;
    }

    /// <summary>What never ran belongs to no batch.</summary>
    private static void WriteUnbatched(RunRecord record, OrderedDictionary<int, List<RecordedAttempt>> attempts, TrxRows rows)
    {
        var batches = record.Batches.Select(batch => batch.Number).ToHashSet();
        foreach (var (batch, recorded) in attempts)
        {
            if (!batches.Contains(batch))
                recorded.ForEach(rows.Write);
        }
    }

    private static IEnumerable<Incident> Read(RunRecord record, BatchRecord batch, TrxInput input, CancellationToken cancellationToken)
    {
        var at = record.FinishedAt;
        if (batch.TrxFile is not { } file)
            return [];

        if (!File.Exists(file))
            return batch.Error is null ? [Lost(batch, IncidentKinds.TrxMissing, "is missing", at)] : [];

        using var parts = TrxReader.Read(file).GetEnumerator();
        string? damage;
        while (HasNext(parts, out damage))
        {
            cancellationToken.ThrowIfCancellationRequested();
            input.Take(parts.Current);
        }

        if (damage is not null)
            return [Lost(batch, IncidentKinds.TrxDamaged, $"cannot be read to its end ({damage})", at)];

        return input.HasUnexplainedFailure && record.Outside.IsEmpty
            ? [new Incident(
                at, IncidentKinds.RunError,
                $"{file}: the test host reported an error outside any test: {input.FirstError ?? "see the file"}", batch.Worker)]
            : [];
    }

    /// <summary>Apart from the rest, so that a failure to read an input is never mistaken for a failure to write the output.</summary>
    private static bool HasNext(IEnumerator<XElement> parts, out string? damage)
    {
        try
        {
            damage = null;
            return parts.MoveNext();
        }
        catch (Exception exception) when (exception is XmlException or IOException or UnauthorizedAccessException)
        {
            damage = exception.Message;
            return false;
        }
    }

    private static Incident Lost(BatchRecord batch, string kind, string what, DateTimeOffset at) =>
        new(at, kind, $"{batch.TrxFile} {what}; the results that it lacks are reported from the run's own record", batch.Worker);
}
