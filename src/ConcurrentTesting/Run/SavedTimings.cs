using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>Writes the durations for the next run to where it looks for them, and beside the artifacts.</summary>
internal static class SavedTimings
{
    /// <returns>What could not be written.</returns>
    public static async Task<ImmutableArray<Incident>> WriteAsync(
        ConcurrentTestSettings settings, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        (string Kind, string Path)[] files =
        [
            (IncidentKinds.TimingsNotWritten, settings.TimingsFile),
            (IncidentKinds.ArtifactNotWritten, Path.Combine(settings.ResultsDirectory, ArtifactNames.Timings)),
        ];
        var lost = ImmutableArray.CreateBuilder<Incident>();
        foreach (var (kind, path) in files)
        {
            try
            {
                await TimingsFile.WriteAsync(path, text, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                lost.Add(new Incident(DateTimeOffset.UtcNow, kind, $"{path} could not be written: {exception.Message}"));
            }
        }

        return lost.ToImmutable();
    }
}
