namespace Lending;

public sealed record CatalogueRecord(string Title, string Author, int Published);

/// <summary>The catalogue that libraries share: far away, slow, and asked for one book at a time.</summary>
public sealed class UnionCatalogue(TimeSpan latency, IReadOnlyDictionary<string, CatalogueRecord> records)
{
    private int _requests;

    public int Requests => _requests;

    public async Task<CatalogueRecord?> LookUpAsync(Isbn isbn, CancellationToken cancellation = default)
    {
        Interlocked.Increment(ref _requests);
        await Task.Delay(latency, cancellation);
        return records.GetValueOrDefault(isbn.Digits);
    }
}
