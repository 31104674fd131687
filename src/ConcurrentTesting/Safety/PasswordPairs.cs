using System.Buffers;

namespace ConcurrentTesting.Safety;

/// <summary>Finds what stands as a password in a text, whoever wrote it and whatever it is: <c>Password=…</c> and <c>Pwd=…</c>, quoted or
/// not, and <c>user:…@host</c> in URLs.</summary>
internal static partial class PasswordPairs
{
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;
    private const string Value = "value";
    private const string Quote = """(?:["']|\\+["']|\\*u002[27]|&quot;|&apos;|&#39;|%2[27])""";

    // Most texts have none of these characters, and are passed over.
    private static readonly SearchValues<string> Signs = SearchValues.Create(
        ["password", "passwd", "pwd", "://", "%3A%2F%2F"], StringComparison.OrdinalIgnoreCase);

    public static bool MayBeIn(string text) => text.AsSpan().ContainsAny(Signs);

    /// <summary>Marks each password.</summary>
    /// <param name="known">Finds passwords that are known to be some, as <see cref="Of"/> makes it: what ends them is sure.</param>
    public static void Hide(string text, KnownPairs? known, HiddenParts hidden)
    {
        if (!MayBeIn(text))
            return;
        HideEach(text, Pair(), hidden);
        HideEach(text, known?.Pair, hidden);
        if (!text.Contains('@', StringComparison.Ordinal) && !text.Contains("%40", StringComparison.Ordinal))
            return;
        HideEach(text, UserInfo(), hidden);
        HideEach(text, known?.UserInfo, hidden);
    }

    /// <summary>Finds these passwords where they stand as passwords: as the value of a pair, in JSON, XML and SQL too, and in
    /// URLs.</summary>
    public static KnownPairs Of(IEnumerable<string> passwords)
    {
        var any = string.Join(
            '|', passwords.OrderByDescending(password => password.Length).ThenBy(password => password, StringComparer.Ordinal)
                .Select(Regex.Escape));
        // The value itself must match in case.
        var value = $"(?<{Value}>(?-i:{any}))";
        string[] places =
        [
            $"""(?:password|passwd|pwd){Quote}?\s*(?:=|%3D)\s*{Quote}?{value}""",
            $"""(?:password|passwd|pwd){Quote}\s*:\s*{Quote}{value}(?={Quote})""",
            $"""(?:password|passwd|pwd)(?:>|&gt;|\\*u003E){value}(?=<|&lt;|\\*u003C)""",
            $"""(?:password|passwd|pwd)\s+{Quote}{value}(?={Quote})""",
        ];
        return new KnownPairs(
            new Regex(string.Join('|', places), Options),
            new Regex($$"""(?://|%2F%2F)[^\s/@]{0,256}?(?::|%3A){{value}}(?=@|%40)""", Options));
    }

    private static void HideEach(string text, Regex? place, HiddenParts hidden)
    {
        for (var match = place?.Match(text); match?.Success == true; match = match.NextMatch())
            hidden.Add(match.Groups[Value].Index, match.Groups[Value].Length);
    }

    // The alternatives come in this order: a quoted value up to its closing quote, which may be missing where the text was cut; a value
    // with blanks, where another pair follows; a value up to where a reader sees its end. "==" compares, and a quote before a blank ends
    // the text before it.
    [GeneratedRegex(
        """
        (?:password|passwd|pwd)["']?[\ \t]*(?:=|%3D)(?![=>~])[\ \t]*
        (?:
          (?<quote>['"])(?![\s.,;)\]]|$)(?<value>(?:(?!\k<quote>)[^\r\n]|\k<quote>\k<quote>)*)
        | (?<quote>\\+["']|\\*u002[27]|&quot;|&apos;|&\#39;|%2[27])(?![\s.,;)\]]|$)(?<value>(?:(?!\k<quote>)[^\r\n])*)(?=\k<quote>)
        | (?<value>(?!['"])[^;\r\n"<>\\&%]{0,256}?[^;\s"<>\\&%])(?=[\ \t]*;[\ \t]*[A-Za-z][\w\ .]{0,40}=)
        | (?<value>(?:
              &(?:amp|lt(?!;/)|gt|quot|apos|\#\d+|\#x[0-9a-f]+);
            | (?!&[\w.-]+=|%3B|%26|\\+["'rnt]|\\*u002[27]|\\*u003[CE]|</|<!|<[a-z][\w.-]*[\s/>]|&lt;|&quot;|["'](?:[\s,;:.)\]}>]|$)|[)\]},>:.]+(?:[\s,;]|$))[^;\s]
          )+)
        )
        """,
        Options | RegexOptions.IgnorePatternWhitespace | RegexOptions.Multiline)]
    private static partial Regex Pair();

    [GeneratedRegex("""(?::|%3A)(?://|%2F%2F)(?:[^\s/:@"'<>%]|%(?!3A)){0,256}(?::|%3A)(?<value>[^\s/?#"'<>]{1,1024})(?=@|%40)""", Options)]
    private static partial Regex UserInfo();
}

/// <summary>Finds certain passwords where they stand as passwords.</summary>
internal sealed record KnownPairs(Regex Pair, Regex UserInfo);
