namespace ConcurrentTesting.Settings;

internal enum Arity
{
    /// <summary>A switch, which is true without a value.</summary>
    Flag,
    One,
    Many,
}

/// <summary>A kind of values: what is allowed, how text is read, and what is wrong with a value that could be read.</summary>
/// <param name="Allowed">Completes the sentence "it takes …".</param>
/// <param name="Parse">Throws <see cref="UnreadableValueException"/>.</param>
/// <param name="Flaw">Null where the value is fine.</param>
internal sealed record ValueKind<T>(Arity Arity, string Allowed, Func<ParameterText, T> Parse, Func<T, string?> Flaw);
