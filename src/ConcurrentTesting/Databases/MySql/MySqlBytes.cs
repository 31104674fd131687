using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates.Scripts;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Sends statements that need not be UTF-8, while the driver sends nothing else. What is UTF-8 goes as it is, whatever the session
/// says that it is, as the client would send it. All else goes in hexadecimal digits and is executed from a variable, where the server
/// reads its bytes as if they had come by themselves.</summary>
internal sealed partial class MySqlBytes(MySqlConnection connection)
{
    /// <summary>The bytes of a statement that fit in one packet.</summary>
    private const int PieceLength = 1 << 20;

    private const string Variable = "@concurrent_test_statement";
    private const string Prepared = "concurrent_test_statement";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static bool IsUtf8(string bytes) => SqlEncoding.Utf8.FirstInvalid(bytes) < 0;

    /// <summary>Whether the server complains of bytes that are not text in the declared encoding.</summary>
    public static bool IsOfText(int number, string message) => number switch
    {
        MySqlFaults.InvalidCharacters or MySqlFaults.CannotConvert => true,
        // The server uses this number for numbers and dates too, but quotes bytes only of a string.
        MySqlFaults.IncorrectValue => Escaped().IsMatch(Quoted().Match(message).Value),
        _ => false,
    };

    /// <summary>Where the bytes stand that the server quotes, <c>'\xFC\xDFe'</c>; else the first that are not UTF-8.</summary>
    public static int PlaceOf(string message, SqlStatement statement)
    {
        var quoted = Quoted().Match(message).Groups["bytes"].Value;
        var bytes = Escaped().Replace(quoted, match => ((char)Convert.ToByte(match.Groups["hex"].Value, 16)).ToString());
        var found = bytes.Length == 0 ? -1 : statement.Text.IndexOf(bytes, StringComparison.Ordinal);
        return found >= 0 ? found : Math.Max(0, SqlEncoding.Utf8.FirstInvalid(statement.Text));
    }

    /// <returns>What the server said where it did not take a text as it was; null where it did.</returns>
    public async Task<string?> ExecuteAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        if (IsUtf8(statement.Text))
        {
            await connection.ExecuteAsync(Strict.GetString(Encoding.Latin1.GetBytes(statement.Text)), cancellationToken);
            return null;
        }

        try
        {
            await SendAsync(Encoding.Latin1.GetBytes(statement.Text), cancellationToken);
            await connection.ExecuteAsync($"PREPARE {Prepared} FROM {Variable}", cancellationToken);
        }
        catch (MySqlException exception) when (exception.Number == MySqlFaults.CannotBePrepared && statement.Encoding.Codec is not null)
        {
            await ExecuteAsTextAsync(statement, cancellationToken);
            return null;
        }

        await connection.ExecuteAsync($"EXECUTE {Prepared}", cancellationToken);
        var complaint = await ComplaintAsync(cancellationToken);
        await connection.ExecuteAsync($"DEALLOCATE PREPARE {Prepared}", cancellationToken);
        return complaint;
    }

    private async Task SendAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        for (var begin = 0; begin < bytes.Length; begin += PieceLength)
        {
            var piece = "0x" + Convert.ToHexString(bytes, begin, Math.Min(PieceLength, bytes.Length - begin));
            var value = begin == 0 ? piece : $"CONCAT({Variable}, {piece})";
            await connection.ExecuteAsync($"SET {Variable} = {value}", cancellationToken);
        }
    }

    /// <summary>MySQL prepares nothing that makes a routine, a trigger or an event: its characters are sent instead of its bytes.</summary>
    private async Task ExecuteAsTextAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            $"SET {Variable} = @@character_set_client, character_set_client = utf8mb4", cancellationToken);
        await connection.ExecuteAsync(statement.Readable, cancellationToken);
        await connection.ExecuteAsync($"SET character_set_client = {Variable}", cancellationToken);
    }

    /// <summary>A server whose session mode is not strict shortens bytes that are no text, and only warns of it.</summary>
    private async Task<string?> ComplaintAsync(CancellationToken cancellationToken)
    {
        var warnings = await connection.QueryAsync(
            "SHOW WARNINGS", row => (Code: row.GetInt32(1), Message: row.GetString(2)), cancellationToken);
        return warnings.Where(warning => IsOfText(warning.Code, warning.Message)).Select(warning => warning.Message).FirstOrDefault();
    }

    [GeneratedRegex(@": '(?<bytes>(?:\\x[0-9A-F]{2}|[^'])+)'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\\x(?<hex>[0-9A-F]{2})")]
    private static partial Regex Escaped();
}
