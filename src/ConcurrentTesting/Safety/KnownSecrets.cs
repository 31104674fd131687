using System.Buffers;
using System.Net;
using System.Security;
using System.Text.Encodings.Web;
using System.Xml;
using System.Xml.Linq;

namespace ConcurrentTesting.Safety;

/// <summary>The secrets of a run, each in all forms in which texts hold it.</summary>
internal sealed class KnownSecrets
{
    public static readonly KnownSecrets None = new([], []);

    private readonly ImmutableHashSet<string> _everywhere;
    private readonly ImmutableHashSet<string> _guessable;
    private readonly SearchValues<string> _search;

    private KnownSecrets(ImmutableHashSet<string> everywhere, ImmutableHashSet<string> guessable)
    {
        _everywhere = everywhere;
        _guessable = guessable;
        _search = SearchValues.Create([.. everywhere], StringComparison.Ordinal);
        InPairs = guessable.IsEmpty ? null : PasswordPairs.Of(guessable);
    }

    public bool HasGuessable => !_guessable.IsEmpty;

    /// <summary>Finds the guessable passwords where they stand as passwords; null: there are none.</summary>
    public KnownPairs? InPairs { get; }

    public KnownSecrets With(string secret) => new(_everywhere.Union(FormsOf(secret)), _guessable);

    public KnownSecrets WithGuessable(string password) => new(_everywhere, _guessable.Union(FormsOf(password)));

    public bool MayBeIn(string text) =>
        text.AsSpan().ContainsAny(_search) || (!_everywhere.IsEmpty && JoinedLines.HasBreaks(text));

    /// <summary>Marks what has to be hidden wherever it stands, on one line or broken over several.</summary>
    public void Hide(string text, HiddenParts hidden)
    {
        if (text.AsSpan().ContainsAny(_search))
            Mark(text, hidden.Add);
        if (_everywhere.IsEmpty || !JoinedLines.HasBreaks(text))
            return;
        var joined = JoinedLines.Of(text);
        if (joined.Text.AsSpan().ContainsAny(_search))
        {
            Mark(joined.Text, (start, length) =>
                hidden.Add(joined.Origin(start), joined.Origin(start + length - 1) + 1 - joined.Origin(start)));
        }
    }

    private void Mark(string text, Action<int, int> hide)
    {
        foreach (var secret in _everywhere)
        {
            for (var at = text.IndexOf(
                secret, StringComparison.Ordinal); at >= 0; at = text.IndexOf(secret, at + 1, StringComparison.Ordinal))
                hide(at, secret.Length);
        }
    }

    // These are the forms in which connection strings, URLs, XML and JSON write the secret, also XML in JSON and JSON in JSON.
    private static IEnumerable<string> FormsOf(string secret)
    {
        string[] quoted =
            [secret, secret.Replace("'", "''", StringComparison.Ordinal), secret.Replace("\"", "\"\"", StringComparison.Ordinal)];
        var encoded = quoted.SelectMany(Encoded).Distinct().ToArray();
        var inJson = encoded.SelectMany(InJson).Distinct().ToArray();
        return encoded.Concat(inJson).Concat(inJson.SelectMany(InJson)).Append(AsVsTestWritesIt(secret));
    }

    private static IEnumerable<string> Encoded(string secret)
    {
        var legal = Legal(secret);
        var percents = Uri.EscapeDataString(legal);
        return
        [
            secret, legal, percents, LowerCaseEscapes(percents), WebUtility.UrlEncode(legal), SecurityElement.Escape(legal),
            WebUtility.HtmlEncode(legal),
            new XAttribute("a", legal).ToString()[3..^1], new XText(legal).ToString(SaveOptions.DisableFormatting),
        ];
    }

    // In TRX files VSTest escapes every surrogate and every control character.
    private static string AsVsTestWritesIt(string secret) =>
        string.Concat(
            secret.Select(
                character => char.IsSurrogate(character) || char.IsControl(character) ? $"\\u{(int)character:x4}" : $"{character}"));

    private static string LowerCaseEscapes(string percents) =>
        Regex.Replace(percents, "%[0-9A-F]{2}", escape => escape.Value.ToLowerInvariant());

    private static IEnumerable<string> InJson(string text) =>
    [
        JsonEncodedText.Encode(Legal(text)).Value,
        JsonEncodedText.Encode(Legal(text), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value,
    ];

    // Half of a surrogate pair, and a character that XML does not allow, have no form there.
    private static string Legal(string text) =>
        string.Concat(
            text.EnumerateRunes().Select(rune => rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? Rune.ReplacementChar : rune));
}
