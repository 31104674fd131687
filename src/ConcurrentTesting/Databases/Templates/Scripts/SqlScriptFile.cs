namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>A script as the bytes that it is. Command line clients pass bytes on and leave it to the server what they mean, which one file
/// may say differently at each place (<c>SET NAMES</c>, <c>SET client_encoding</c>), so nothing is decoded when it is read.</summary>
/// <param name="Bytes">A character for each byte, U+0000 to U+00FF, without a byte order mark.</param>
/// <param name="IsUnicode">
/// The file was UTF-16 or UTF-32, which no client reads: it is UTF-8 here, whatever it says of its encoding.
/// </param>
internal sealed record SqlScriptFile(string Bytes, bool IsUnicode)
{
    // The longer marks come first, because the mark of UTF-32 begins with that of UTF-16.
    private static readonly Encoding[] Marked =
    [
        new UTF32Encoding(bigEndian: false, byteOrderMark: true, throwOnInvalidCharacters: true),
        new UTF32Encoding(bigEndian: true, byteOrderMark: true, throwOnInvalidCharacters: true),
        new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true),
        new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true),
    ];

    /// <exception cref="ConcurrentTestException">The file's byte order mark promises what its bytes do not keep.</exception>
    public static async Task<SqlScriptFile> ReadAsync(SqlFileStep script, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(script.Path, cancellationToken);
        var plain = Plain(bytes, script.Name);
        return new SqlScriptFile(Encoding.Latin1.GetString(plain.Span), Array.Exists(Marked, encoding => HasMark(bytes, encoding)));
    }

    /// <returns>The bytes without a byte order mark; UTF-8 where it was that of UTF-16 or UTF-32.</returns>
    /// <param name="name">The file's, for messages.</param>
    public static ReadOnlyMemory<byte> Plain(byte[] bytes, string name)
    {
        if (HasMark(bytes, Encoding.UTF8))
            return bytes.AsMemory(Encoding.UTF8.Preamble.Length);
        var wide = Array.Find(Marked, encoding => HasMark(bytes, encoding));
        return wide is null ? bytes : ToUtf8(bytes.AsSpan(wide.Preamble.Length), wide, name);
    }

    private static bool HasMark(byte[] bytes, Encoding encoding) => bytes.AsSpan().StartsWith(encoding.Preamble);

    private static byte[] ToUtf8(ReadOnlySpan<byte> bytes, Encoding wide, string name)
    {
        try
        {
            return Encoding.UTF8.GetBytes(wide.GetString(bytes));
        }
        catch (DecoderFallbackException exception)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                string.Create(
                    CultureInfo.InvariantCulture, $"{name}: near byte {exception.Index + wide.Preamble.Length} it is not {wide.WebName}, ")
                + "which its byte order mark says it is; save it as UTF-8",
                exception);
        }
    }
}
