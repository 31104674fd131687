namespace ConcurrentTesting.Settings;

/// <summary>Arguments as NUKE reads them: dashes and case of a name do not matter, the values follow it, the last one wins. Beyond that a
/// list collects the values of all its occurrences, and a negative number is a value.</summary>
internal sealed class CommandLine
{
    private readonly List<(string Written, string Name, ImmutableArray<string> Values)> _arguments = [];

    public CommandLine(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!IsName(arguments[i]))
                continue;

            var values = arguments.Skip(i + 1).TakeWhile(argument => !IsName(argument)).ToImmutableArray();
            _arguments.Add((arguments[i], PlainName.Of(arguments[i]), values));
            i += values.Length;
        }
    }

    public ParameterText? Find(Parameter parameter, string workingDirectory)
    {
        var found = _arguments.FindAll(argument => PlainName.Same(argument.Name, parameter.Name));
        return found.Count == 0
            ? null
            : new ParameterText(
                parameter.Argument,
                parameter.Arity == Arity.Many ? [.. found.SelectMany(argument => argument.Values)] : found[^1].Values,
                workingDirectory);
    }

    /// <summary>Errors for arguments that look like ours, or are those of <c>dotnet test</c>, and are nobody's.</summary>
    public IEnumerable<string> Unknown(ImmutableArray<Parameter> parameters, IReadOnlyCollection<string> otherParameters)
    {
        foreach (var (written, name, _) in _arguments)
        {
            var known = parameters.Select(parameter => parameter.Name).Concat(otherParameters);
            if (PlainName.LooksLikeOurs(name) && !known.Any(other => PlainName.Same(other, name)))
                yield return Describe(written, name, parameters);
            else if (DotNetTestArguments.Describe(written, otherParameters) is { } error)
                yield return error;
        }
    }

    private static string Describe(string written, string name, ImmutableArray<Parameter> parameters)
    {
        var parts = written.Split('=', 2);
        if (parts.Length == 2
            && parameters.FirstOrDefault(parameter => PlainName.Same(parameter.Name, PlainName.Of(parts[0]))) is { } meant)
            return $"{meant.Argument}: write a space instead of = before the value: {meant.Argument} {(meant.IsSecret ? "***" : parts[1])}";

        var nearest = NearestName.Of(PlainName.Of(name.Split('=')[0]), parameters.Select(parameter => parameter.Name));
        return $"{parts[0]}: there is no such parameter; did you mean {parameters.First(parameter => parameter.Name == nearest).Argument}?";
    }

    private static bool IsName(string argument) => argument.StartsWith('-') && !(argument.Length > 1 && char.IsAsciiDigit(argument[1]));
}
