namespace ConcurrentTesting.Catalog;

/// <summary>The user's marks that keep classes together: the value <c>Together</c> or <c>Together:NAME</c> of the trait or property
/// <c>ConcurrentTest</c>, reserved words beside the names of exclusive groups. Read from metadata, because xunit 2 does not hand a
/// definition's traits to its tests.</summary>
internal static class TogetherMark
{
    private const string Word = "Together";

    // These are the last segments of the types' names, because it does not matter from which framework they come.
    private static readonly ImmutableHashSet<string> Pairs =
        ["TraitAttribute", "AssemblyTraitAttribute", "PropertyAttribute", "TestPropertyAttribute"];
    private static readonly ImmutableHashSet<string> Words = ["CategoryAttribute", "TestCategoryAttribute"];

    public static bool Is(string value) =>
        value.Equals(Word, StringComparison.OrdinalIgnoreCase) || value.StartsWith(Word + ":", StringComparison.OrdinalIgnoreCase);

    /// <summary>The values among these attributes, as they are written.</summary>
    public static IEnumerable<string> In(IEnumerable<AttributeFacts> attributes) => attributes.Select(ValueOf).OfType<string>().Where(Is);

    /// <summary>Ties whatever is marked by the same value.</summary>
    public static Tie ToTie(string value) =>
        value.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && value[(colon + 1)..].Trim() is { Length: > 0 } name
        ? new Tie($"classes marked {Word}:{name}", $"{TestEntry.ExclusiveTrait}={Word}:{name}")
        : new Tie($"classes marked {Word}", $"{TestEntry.ExclusiveTrait}={Word}");

    private static string? ValueOf(AttributeFacts attribute)
    {
        var type = attribute.Type[(attribute.Type.LastIndexOf('.') + 1)..];
        if (Pairs.Contains(type) && attribute.Arguments is [string name, string value, ..]
            && name.Equals(TestEntry.ExclusiveTrait, StringComparison.OrdinalIgnoreCase))
            return value.Trim();

        // A category has no value of its own.
        return Words.Contains(type) && attribute.Arguments is [string category, ..]
            && category.StartsWith(TestEntry.ExclusiveTrait + "=", StringComparison.OrdinalIgnoreCase)
            ? category[(TestEntry.ExclusiveTrait.Length + 1)..].Trim()
            : null;
    }
}
