using System.Buffers.Binary;
using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>The rows of the merged file: one a test, of its final attempt. Readers count rows, so an earlier attempt gets none; its story
/// goes into the text messages of the final one.</summary>
internal sealed class TrxRows(RunRecord record, TrxWriter writer, AttachmentFolder attachments)
{
    private readonly HashSet<Guid> _executionIds = new(record.Entries.Length);
    private readonly byte[] _lastMade = StableGuid.Of(record.RunId, "execution").ToByteArray();

    /// <summary>The id itself, unless it is none or was used before.</summary>
    public Guid ExecutionId(Guid wanted)
    {
        while (wanted == Guid.Empty || !_executionIds.Add(wanted))
            wanted = Next();

        return wanted;
    }

    private Guid Next()
    {
        BinaryPrimitives.WriteInt32BigEndian(_lastMade, BinaryPrimitives.ReadInt32BigEndian(_lastMade) + 1);
        return new Guid(_lastMade);
    }

    /// <summary>Writes a row that VSTest wrote too; null where it is not the final attempt's.</summary>
    public TrxDefinition? Write(
        RecordedAttempt recorded, TrxRow row, Guid executionId, IReadOnlyList<string> files, XElement? collectors) => recorded.IsFinal
        ? writer.Row(
            recorded, row, executionId, record.Machine, TrxOutput.Of(recorded, row, EarlierAttempts(recorded.Test)), files, collectors)
        : null;

    /// <summary>Writes a row that only the record knows of.</summary>
    public void Write(RecordedAttempt recorded)
    {
        var executionId = ExecutionId(Guid.Empty);
        var files = Adopt(recorded.Attempt, executionId);
        if (recorded.IsFinal)
        {
            writer.Row(recorded, null, executionId, record.Machine, TrxOutput.Of(
                recorded, null, EarlierAttempts(recorded.Test)), files, null);
        }
    }

    private IReadOnlyList<string> Adopt(TestAttempt attempt, Guid executionId)
    {
        if (attempt.Attachments.IsEmpty)
            return [];
        var folder = executionId.ToString();
        return [.. attempt.Attachments.Select(file => attachments.AdoptNamedByRecord(attempt, file, folder)).OfType<string>()];
    }

    private IReadOnlyList<string> EarlierAttempts(TestRecord test)
    {
        if (test.Attempts.Length == 1 && !test.IsMuted)
            return [];
        var earlier = test.Others.Select(attempt => Story(test, attempt));
        return test.IsMuted ? [test.Quarantine!, .. earlier] : [.. earlier];
    }

    private string Story(TestRecord test, TestAttempt attempt)
    {
        var how = attempt.Worker < 0
            ? "not run"
            : Invariant($"on worker {attempt.Worker}: {attempt.Outcome} after {attempt.Duration.TotalSeconds:0.###} s");
        var head = Invariant($"Attempt {attempt.Number} of {test.Attempts.Length} {how}");
        var parts = new[]
        {
            head,
            Capped(attempt.Message, TextCap.Message),
            Capped(attempt.StackTrace, TextCap.Stream),
            Capped(attempt.StandardOutput, TextCap.Stream),
            Capped(attempt.StandardError, TextCap.Stream),
            string.Join('\n', attachments.Of(attempt).Select(file => $"attached: {file}")),
        };
        return string.Join('\n', parts.Where(part => !string.IsNullOrWhiteSpace(part)));
    }

    private static string? Capped(string? text, int limit) => text is null ? null : TextCap.Apply(text, limit);
}
