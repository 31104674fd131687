namespace ConcurrentTesting.Record;

/// <summary>When a phase of a run went on; see <see cref="PhaseNames"/>.</summary>
internal sealed record PhaseSpan(string Phase, DateTimeOffset StartedAt, TimeSpan Duration)
{
    private DateTimeOffset EndedAt => StartedAt + Duration;

    /// <summary>When each phase went on on any of several machines.</summary>
    public static ImmutableArray<PhaseSpan> Together(IEnumerable<PhaseSpan> machines)
    {
        var together = ImmutableArray.CreateBuilder<PhaseSpan>();
        foreach (var span in machines.OrderBy(span => span.Phase, StringComparer.Ordinal).ThenBy(span => span.StartedAt))
        {
            if (together is [.., var last] && last.Phase == span.Phase && span.StartedAt <= last.EndedAt)
                together[^1] = last with { Duration = (last.EndedAt > span.EndedAt ? last.EndedAt : span.EndedAt) - last.StartedAt };
            else
                together.Add(span);
        }

        return [.. together.OrderBy(span => span.StartedAt)];
    }
}
