namespace ConcurrentTesting.Discovery;

/// <summary>Classes whose tests run only after those of others, by an attribute that names the other class: where that one is not beside
/// them in the process, their framework runs them without it, or runs it once more.</summary>
/// <param name="attribute">The full name of the attribute; its first argument may be the other class.</param>
internal sealed class DependentClasses(TypeHierarchy types, string attribute)
{
    private readonly Lazy<Dictionary<string, string>> _first = new(() => Read(types, attribute));

    /// <summary>What keeps a class with those that it depends on, and that depend on it; null: nothing.</summary>
    public Tie? TieOf(string type) => _first.Value.TryGetValue(TypeHierarchy.WithoutArity(type), out var first)
        ? new Tie($"{first} and what depends on it or it depends on", $"[{new AttributeFacts(attribute, null, []).ShortName}]")
        : null;

    // Whoever depends on another, directly or through others, has the same first one.
    private static Dictionary<string, string> Read(TypeHierarchy types, string attribute)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        if (types.Assembly?.RefersTo(attribute) != true)
            return first;
        foreach (var (type, other) in types.TypeNames.SelectMany(type => NeededBy(types, attribute, type).Select(
            other => (TypeHierarchy.WithoutArity(type), TypeHierarchy.WithoutArity(other)))))
        {
            var (one, two) = (first.GetValueOrDefault(type, type), first.GetValueOrDefault(other, other));
            foreach (var same in first.Where(pair => pair.Value == two).Select(pair => pair.Key).ToList())
                first[same] = one;
            first[type] = first[other] = one;
        }

        return first;
    }

    private static IEnumerable<string> NeededBy(TypeHierarchy types, string attribute, string type) =>
        types.AttributesOf(type).Concat(types.MethodAttributesOf(type)).Where(found => found.Type == attribute)
            .Select(found => found.Arguments.FirstOrDefault()).OfType<string>().Where(name => types.Assembly!.Has(name));
}
