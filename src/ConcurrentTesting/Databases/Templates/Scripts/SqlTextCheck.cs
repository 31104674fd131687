namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>Finds text that means nothing in the encoding that its script says it is in, before anybody makes something of it.</summary>
internal static class SqlTextCheck
{
    /// <exception cref="ConcurrentTestException">There is some.</exception>
    public static void Require(SqlFileStep file, SqlScriptFile script, SqlStatement statement, SqlDialect dialect)
    {
        if (Invalid(statement) is { } offset)
            throw Wrong(file, script, offset, statement.Encoding, dialect);
    }

    /// <param name="offset">The byte's place in the script.</param>
    public static ConcurrentTestException Wrong(
        SqlFileStep file, SqlScriptFile script, int offset, SqlEncoding encoding, SqlDialect dialect)
    {
        var (bytes, value) = (script.Bytes, script.Bytes[offset]);
        var line = 1 + bytes.AsSpan(0, offset).Count('\n');
        var place = offset - bytes.AsSpan(0, offset).LastIndexOf('\n');
        var why = value == '\0'
            ? "is NUL, which no text has: is the file UTF-16 without a byte order mark? Save it as UTF-8"
            : $"is not {encoding.Name}: say what it is in the file's first line ({Example(dialect)}), or save it as UTF-8";
        return new ConcurrentTestException(
            ConcurrentTestExitCode.BadSettings,
            string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{line}: byte {place} of the line, 0x{(int)value:X2}, {why}"));
    }

    /// <returns>Where in the script; null where all is well, or for the server to judge.</returns>
    private static int? Invalid(SqlStatement statement)
    {
        var text = WithoutOpaque(statement);
        var nul = text.IndexOf('\0', StringComparison.Ordinal);
        if (nul >= 0)
            return statement.Offset + nul;
        if (statement.Encoding.FirstInvalid(text) is var invalid and >= 0)
            return statement.Offset + invalid;
        // COPY may name an encoding of its own.
        if (statement.CopyData is not { } rows || statement.Words.Contains("ENCODING"))
            return null;
        return statement.Encoding.FirstInvalid(rows) is var inRows and >= 0 ? statement.CopyOffset + inRows : null;
    }

    private static string WithoutOpaque(SqlStatement statement)
    {
        if (statement.Opaque.IsEmpty)
            return statement.Text;
        return string.Create(statement.Text.Length, statement, static (text, statement) =>
        {
            statement.Text.CopyTo(text);
            foreach (var range in statement.Opaque)
                text[range].Fill(' ');
        });
    }

    private static string Example(SqlDialect dialect) =>
        dialect == SqlDialect.MySql ? "SET NAMES latin1;" : "SET client_encoding = 'LATIN1';";
}
