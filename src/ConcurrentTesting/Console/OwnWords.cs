namespace ConcurrentTesting.Console;

/// <summary>A value of a log message that no test and no server wrote, or that is redacted already: <see cref="RunLogger"/> lets it pass as
/// it is.</summary>
internal readonly record struct OwnWords(string Text)
{
    public override string ToString() => Text;
}
