namespace ConcurrentTesting.Catalog;

/// <summary>A number of things in words: <c>1 worker</c>, <c>2 workers</c>, <c>3 batches</c>.</summary>
internal static class Quantity
{
    public static string Of(long count, string one) =>
        count == 1 ? $"1 {one}" : string.Create(CultureInfo.InvariantCulture, $"{count} {Plural(one)}");

    private static string Plural(string one) => one switch
    {
        _ when one.EndsWith("ch", StringComparison.Ordinal) || one.EndsWith('s') => $"{one}es",
        _ when one.EndsWith('y') => $"{one[..^1]}ies",
        _ => $"{one}s",
    };
}
