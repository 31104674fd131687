using System.Collections.Frozen;

namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>What bytes of a script mean, by the name that PostgreSQL or MySQL has for it.</summary>
/// <param name="Name">As a user reads it.</param>
/// <param name="Codec">Null where .NET has none, and the server alone knows.</param>
internal sealed record SqlEncoding(string Name, Encoding? Codec)
{
    public static readonly SqlEncoding Utf8 =
        new("UTF-8", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));

    /// <summary>Bytes, or an encoding that the script does not say.</summary>
    public static readonly SqlEncoding Unknown = new("bytes", null);

    /// <summary>Both products' names, in small letters, without what is between them, and .NET's
    /// (https://www.postgresql.org/docs/current/multibyte.html).</summary>
    private static readonly FrozenDictionary<string, string> Known = new Dictionary<string, string>
    {
        ["ascii"] = "us-ascii",
        ["iso88591"] = "iso-8859-1",
        ["iso88592"] = "iso-8859-2",
        ["latin2"] = "iso-8859-2",
        ["iso88593"] = "iso-8859-3",
        ["latin3"] = "iso-8859-3",
        ["iso88594"] = "iso-8859-4",
        ["latin4"] = "iso-8859-4",
        ["iso88595"] = "iso-8859-5",
        ["iso88596"] = "iso-8859-6",
        ["iso88597"] = "iso-8859-7",
        ["greek"] = "iso-8859-7",
        ["iso88598"] = "iso-8859-8",
        ["hebrew"] = "iso-8859-8",
        ["iso88599"] = "iso-8859-9",
        ["latin5"] = "iso-8859-9",
        ["iso885913"] = "iso-8859-13",
        ["latin7"] = "iso-8859-13",
        ["iso885915"] = "iso-8859-15",
        ["latin9"] = "iso-8859-15",
        ["koi8r"] = "koi8-r",
        ["koi8"] = "koi8-r",
        ["koi8u"] = "koi8-u",
        ["win866"] = "cp866",
        ["alt"] = "cp866",
        ["cp866"] = "cp866",
        ["win874"] = "windows-874",
        ["tis620"] = "windows-874",
        ["cp850"] = "ibm850",
        ["cp852"] = "ibm852",
        ["sjis"] = "shift_jis",
        ["shiftjis"] = "shift_jis",
        ["mskanji"] = "shift_jis",
        ["shiftjis2004"] = "shift_jis",
        ["win932"] = "shift_jis",
        ["cp932"] = "shift_jis",
        ["eucjp"] = "euc-jp",
        ["ujis"] = "euc-jp",
        ["eucjpms"] = "euc-jp",
        ["euckr"] = "euc-kr",
        ["euccn"] = "gb2312",
        ["gb2312"] = "gb2312",
        ["gbk"] = "gbk",
        ["win936"] = "gbk",
        ["gb18030"] = "gb18030",
        ["big5"] = "big5",
        ["win950"] = "big5",
        ["uhc"] = "ks_c_5601-1987",
        ["win949"] = "ks_c_5601-1987",
        ["johab"] = "johab",
    }.ToFrozenDictionary();

    /// <summary>Whether .NET is as strict as the servers are: elsewhere it is not for us to say what is wrong.</summary>
    public bool IsStrict => Codec is UTF8Encoding or ASCIIEncoding;

    /// <summary>A character's later bytes may look like a quote's or a backslash's.</summary>
    public bool HidesAscii =>
        Codec?.WebName is "shift_jis" or "gb2312" or "gbk" or "gb18030" or "big5" or "ks_c_5601-1987" or "johab" or "Johab";

    /// <param name="name">As it stands in a script.</param>
    public static SqlEncoding Of(string name, SqlDialect dialect)
    {
        var key = string.Concat(name.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit))
            .Replace("windows", "win", StringComparison.Ordinal);
        return key switch
        {
            "utf8" or "unicode" or "utf8mb3" or "utf8mb4" => Utf8,
            "latin1" => new SqlEncoding(name, Code(dialect == SqlDialect.MySql ? "windows-1252" : "iso-8859-1")),
            ['w' or 'c', 'i' or 'p', .., '1', '2', '5', _] => new SqlEncoding(name, Code($"windows-125{key[^1]}")),
            _ => new SqlEncoding(name, Known.TryGetValue(key, out var known) ? Code(known) : null),
        };
    }

    /// <param name="bytes">A character for each byte.</param>
    public string Decode(string bytes) =>
        Ascii(bytes) ? bytes : (Codec is null || IsStrict ? Encoding.UTF8 : Codec).GetString(Encoding.Latin1.GetBytes(bytes));

    /// <returns>A character for each byte.</returns>
    public string Encode(string text) => Ascii(text) ? text : Encoding.Latin1.GetString((Codec ?? Encoding.UTF8).GetBytes(text));

    /// <summary>The bytes of what stands as UTF-8 until now.</summary>
    /// <exception cref="EncoderFallbackException">There is a character that this encoding does not have.</exception>
    public string FromUtf8(string bytes) =>
        Codec is null || Ascii(bytes) ? bytes : Encoding.Latin1.GetString(Codec.GetBytes(Utf8.Decode(bytes)));

    /// <returns>The index of the first byte that means nothing; -1 where there is none, or where the server has to say.</returns>
    public int FirstInvalid(string bytes)
    {
        if (!IsStrict || Ascii(bytes))
            return -1;
        try
        {
            Codec!.GetCharCount(Encoding.Latin1.GetBytes(bytes));
            return -1;
        }
        catch (DecoderFallbackException exception)
        {
            return exception.Index;
        }
    }

    /// <summary>The same length, with a later byte of a character nowhere looking like something else.</summary>
    /// <param name="from">What stands before it stays as it is.</param>
    public string Masked(string bytes, int from) => string.Create(bytes.Length, (bytes, from, Codec!.WebName), static (masked, state) =>
    {
        state.bytes.CopyTo(masked);
        for (var index = state.from; index < masked.Length - 1; index++)
        {
            for (var rest = LengthOf(masked[index], masked[index + 1], state.WebName) - 1; rest > 0 && index < masked.Length - 1; rest--)
            {
                // A smaller second byte is not part of a character, so the first byte was not the beginning of one.
                if (masked[++index] >= '0')
                    masked[index] = '\u00ff';
            }
        }
    });

    private static int LengthOf(char first, char second, string name) => first switch
    {
        < '\u0081' or '\u00ff' => 1,
        >= '\u00a0' and <= '\u00df' when name == "shift_jis" => 1,
        _ => name == "gb18030" && char.IsAsciiDigit(second) ? 4 : 2,
    };

    private static bool Ascii(string bytes) => !bytes.AsSpan().ContainsAnyInRange('\u0080', '\u00ff');

    private static Encoding Code(string name) =>
        name is "us-ascii"
            ? Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
            : CodePagesEncodingProvider.Instance.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ReplacementFallback)
                ?? Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ReplacementFallback);
}
