namespace Lending;

/// <summary>A barcode scanner reads the same label many times a second. One reading counts; the same again is ignored for a while.</summary>
public sealed class ScanGate(TimeSpan quiet, TimeProvider clock)
{
    private readonly Dictionary<string, DateTimeOffset> _last = [];

    public bool Accepts(string barcode)
    {
        var now = clock.GetUtcNow();
        if (_last.TryGetValue(barcode, out var before) && now - before < quiet)
            return false;
        _last[barcode] = now;
        return true;
    }
}
