namespace Lending;

public sealed record CatalogueRecord(string Title, string Author, int Published);

/// <summary>The catalogue that libraries share: far away, slow, and asked for one book at a time.</summary>
public sealed class UnionCatalogue(TimeSpan latency, IReadOnlyDictionary<string, CatalogueRecord> records)
{
    private int _requests;
    private int _open;
    private int _mostAtOnce;

    public int Requests => _requests;

    /// <summary>The most requests that were open at the same time.</summary>
    public int MostAtOnce => _mostAtOnce;

    public async Task<CatalogueRecord?> LookUpAsync(Isbn isbn, CancellationToken cancellation = default)
    {
        Interlocked.Increment(ref _requests);
        _mostAtOnce = Math.Max(_mostAtOnce, Interlocked.Increment(ref _open));
        try
        {
            await Task.Delay(latency, cancellation);
            return records.GetValueOrDefault(isbn.Digits);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
