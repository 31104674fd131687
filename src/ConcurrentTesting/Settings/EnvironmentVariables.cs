namespace ConcurrentTesting.Settings;

/// <summary>The environment, in which only names with <c>NUKE_</c> count, and a generated configuration's own.</summary>
/// <param name="variables">Values by name.</param>
/// <param name="hasGenerated">
/// A parameter's own name counts as well: <c>TestDatabase</c>, and <c>TESTDATABASE</c>, which Azure Pipelines makes of it.
/// </param>
internal sealed class EnvironmentVariables(IReadOnlyDictionary<string, string> variables, bool hasGenerated)
{
    private const string Prefix = "NUKE_";

    // Names without this beginning, such as WORKERS, are too common to be ours.
    private const string OfOurs = "Test";

    /// <summary>The value of a parameter; an empty one is none. Throws where several variables disagree.</summary>
    public ParameterText? Find(Parameter parameter, string workingDirectory)
    {
        var found = Texts(parameter.Aliases.Prepend(parameter.Name).SelectMany(Prefixed)).ToList();
        if (found.Find(text => !text.Values.SequenceEqual(found[0].Values)) is { } other)
            throw Disagreement(parameter, found[0], other);

        return found.FirstOrDefault() ?? Texts(Given(name => IsGenerated(parameter, name))).FirstOrDefault();

        IEnumerable<ParameterText> Texts(IEnumerable<KeyValuePair<string, string>> given) => given
            .Select(variable => new ParameterText(variable.Key, Values(parameter, variable.Value), workingDirectory));
    }

    /// <summary>Variables under a parameter's second name.</summary>
    public IEnumerable<ParameterText> UnderAlias(Parameter parameter, string workingDirectory) =>
        parameter.Aliases.SelectMany(Prefixed).Select(
            variable => new ParameterText(variable.Key, Values(parameter, variable.Value), workingDirectory));

    /// <summary>The variables without the prefix that NUKE would take for a parameter.</summary>
    public IEnumerable<string> Unprefixed(Parameter parameter) => variables.Keys
        .Where(name => !HasPrefix(name) && !IsGenerated(parameter, name) && PlainName.OfVariable(name) is var plain
                       && (PlainName.Same(plain, parameter.Name) || PlainName.Same(plain, "NUKE" + parameter.Name)))
        .Order(StringComparer.Ordinal);

    /// <summary>Variables that look like a parameter's and are nobody's.</summary>
    public IEnumerable<string> Unknown(ImmutableArray<Parameter> parameters, IReadOnlyCollection<string> otherParameters)
    {
        var known = parameters.SelectMany(parameter => parameter.Aliases.Prepend(parameter.Name)).Concat(otherParameters)
            .Select(name => PlainName.OfVariable(Prefix + name))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return variables.Keys
            .Where(name =>
                name.StartsWith(Prefix + "TEST_", StringComparison.OrdinalIgnoreCase) && !known.Contains(PlainName.OfVariable(name)))
            .Order(StringComparer.Ordinal);
    }

    public static UnreadableValueException Disagreement(Parameter parameter, ParameterText one, ParameterText other) =>
        new($"{one.Show(parameter.IsSecret)} and {other.Show(parameter.IsSecret)} disagree: give one of them") { IsComplete = true };

    private IEnumerable<KeyValuePair<string, string>> Prefixed(string name) =>
        Given(variable => HasPrefix(variable) && PlainName.Same(PlainName.OfVariable(variable), "NUKE" + name));

    private IEnumerable<KeyValuePair<string, string>> Given(Func<string, bool> isMeant) => variables
        .Where(variable => isMeant(variable.Key) && !string.IsNullOrWhiteSpace(variable.Value))
        .OrderBy(variable => variable.Key, StringComparer.Ordinal);

    private bool IsGenerated(Parameter parameter, string name) =>
        hasGenerated && parameter.Name.Contains(OfOurs, StringComparison.Ordinal)
            && name.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase);

    private static bool HasPrefix(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    private static ImmutableArray<string> Values(Parameter parameter, string value) =>
        parameter.Arity == Arity.Many
            ? [.. value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]
            : [value.Trim()];
}
