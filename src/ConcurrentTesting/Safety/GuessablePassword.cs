using System.Collections.Frozen;

namespace ConcurrentTesting.Safety;

/// <summary>Passwords that anyone would guess: those of fewer than 8 characters and the commonest. They are ordinary words, <c>pass</c>,
/// <c>test</c>, <c>postgres</c>, and stand in every text.</summary>
internal static class GuessablePassword
{
    /// <summary>Shorter ones are guessable.</summary>
    public const int Shortest = 8;

    private const string List = "ConcurrentTesting.Safety.CommonPasswords.txt";

    private static readonly Lazy<FrozenSet<string>> Commonest = new(() => Read().ToFrozenSet(StringComparer.OrdinalIgnoreCase));

    public static bool Is(string password) => password.Trim().Length < Shortest || Commonest.Value.Contains(password);

    private static IEnumerable<string> Read()
    {
        using var list = new StreamReader(typeof(GuessablePassword).Assembly.GetManifestResourceStream(List)!);
        while (list.ReadLine() is { } line)
        {
            if (line.Length > 0 && !line.StartsWith("# ", StringComparison.Ordinal))
                yield return line;
        }
    }
}
