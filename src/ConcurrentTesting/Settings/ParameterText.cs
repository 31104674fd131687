namespace ConcurrentTesting.Settings;

/// <summary>A parameter's value as it was written.</summary>
/// <param name="Source">Where it was written, for messages: <c>--workers</c>, <c>NUKE_WORKERS</c>.</param>
/// <param name="BaseDirectory">What relative paths in it are relative to.</param>
internal sealed record ParameterText(string Source, ImmutableArray<string> Values, string BaseDirectory)
{
    /// <summary>Source and value, for messages.</summary>
    public string Show(bool isSecret) =>
        Values.IsEmpty ? Source
        : isSecret ? $"{Source} ***"
        : Source.StartsWith("NUKE_", StringComparison.OrdinalIgnoreCase) ? $"{Source}={string.Join(' ', Values)}"
        : $"{Source} {string.Join(' ', Values)}";

    public string ToAbsolutePath(string path) => Path.GetFullPath(path, BaseDirectory);
}

/// <summary>A value cannot be read as what the parameter takes. The message says what is wrong where that is not obvious.</summary>
internal sealed class UnreadableValueException(string? message = null) : Exception(message ?? string.Empty)
{
    /// <summary>The message says everything, value and remedy included.</summary>
    public bool IsComplete { get; init; }
}
