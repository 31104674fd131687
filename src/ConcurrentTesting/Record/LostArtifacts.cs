namespace ConcurrentTesting.Record;

/// <summary>Artifacts that could not be written: what would have been a success is none.</summary>
internal static class LostArtifacts
{
    /// <summary>The reason of a run that would have been a success but for them; null where none is lost.</summary>
    /// <param name="reason">The reason of the success.</param>
    public static string? Without(IEnumerable<Incident> incidents, string reason) =>
        incidents.Count(incident => incident.Kind == IncidentKinds.ArtifactNotWritten) is > 0 and var lost
            ? $"{reason.TrimEnd('.')}, but {Quantity.Of(lost, "artifact")} could not be written."
            : null;

    /// <summary>The record with it.</summary>
    public static RunRecord From(RunRecord record, IEnumerable<Incident> incidents) =>
        record.ExitCode == ConcurrentTestExitCode.Success && Without(incidents, record.Reason) is { } reason
            ? record with { ExitCode = ConcurrentTestExitCode.Incomplete, Reason = reason }
            : record;
}
