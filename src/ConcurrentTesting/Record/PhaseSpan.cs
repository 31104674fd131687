namespace ConcurrentTesting.Record;

/// <summary>When a phase of a run went on; see <see cref="PhaseNames"/>.</summary>
internal sealed record PhaseSpan(string Phase, DateTimeOffset StartedAt, TimeSpan Duration);
