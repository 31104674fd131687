using System.Collections.Immutable;

namespace ConcurrentTesting.Databases;

/// <summary>
/// Splits a script into statements as the engine's own command line client does: psql (https://www.postgresql.org/docs/current/app-psql.html, src/fe_utils/psqlscan.l)
/// with dollar quotes, nested comments, BEGIN ATOMIC bodies and COPY data; mysql with DELIMITER and executable comments; sqlite3 with its three ways to quote.
/// </summary>
internal sealed class SqlScriptReader
{
    private readonly string _sql;
    private readonly SqlDialect _dialect;
    private readonly ImmutableArray<string>.Builder _words = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<SqlBody>.Builder _bodies = ImmutableArray.CreateBuilder<SqlBody>();
    private string _delimiter = ";";
    private int _position;
    private int _line = 1;
    private int _lineCountedTo;
    private int _parentheses;
    private int _blocks;

    private SqlScriptReader(string sql, SqlDialect dialect)
    {
        _sql = sql;
        _dialect = dialect;
    }

    private bool AtEnd => _position >= _sql.Length;

    private ReadOnlySpan<char> Rest => _sql.AsSpan(_position);

    public static IEnumerable<SqlStatement> Read(string sql, SqlDialect dialect)
    {
        var reader = new SqlScriptReader(sql, dialect);
        var number = 0;
        while (reader.Next(number + 1) is { } statement)
        {
            number = statement.Number;
            yield return statement;
        }
    }

    private SqlStatement? Next(int number)
    {
        while (true)
        {
            SkipToStatement();
            if (AtEnd)
                return null;
            if (TrySkipDelimiterCommand())
                continue;
            if (ReadClientCommand(number) is { } command)
            {
                if (command.Words[0] is "\\RESTRICT" or "\\UNRESTRICT")
                    continue;
                return command;
            }

            return ReadStatement(number);
        }
    }

    private SqlStatement ReadStatement(int number)
    {
        _words.Clear();
        _bodies.Clear();
        _parentheses = 0;
        _blocks = 0;
        var line = LineAt(_position);
        var begin = _position;
        while (!AtEnd && !AtDelimiter() && !AtClientCommand())
            ReadPart();
        var text = _sql[begin.._position].TrimEnd();
        if (!AtEnd && AtDelimiter())
            _position += _delimiter.Length;
        var words = _words.ToImmutable();
        return new SqlStatement(number, line, text, words, _bodies.ToImmutable(), IsCopyFromStandardInput(words) ? ReadCopyData() : null);
    }

    private bool AtDelimiter() =>
        Rest.StartsWith(_delimiter) && (_delimiter != ";" || (_parentheses == 0 && _blocks == 0));

    /// <summary>psql takes a backslash anywhere outside quotes for a command of its own.</summary>
    private bool AtClientCommand() => _dialect == SqlDialect.PostgreSql && _sql[_position] == '\\';

    private void ReadPart()
    {
        if (TrySkipComment() || TrySkipQuoted() || TryReadWord())
            return;
        switch (_sql[_position])
        {
            case '(':
                _parentheses++;
                break;
            case ')':
                _parentheses = Math.Max(0, _parentheses - 1);
                break;
        }

        _position++;
    }

    private bool TryReadWord()
    {
        if (!IsWordStart(_sql[_position]))
            return false;
        var begin = _position;
        while (!AtEnd && IsWordPart(_sql[_position]))
            _position++;
        var word = _sql[begin.._position].ToUpperInvariant();
        _words.Add(word);
        if (_dialect == SqlDialect.PostgreSql && _parentheses == 0 && IsRoutineDefinition())
            CountBlock(word);
        return true;
    }

    /// <summary>The body of an SQL-standard routine (BEGIN ATOMIC … END) holds semicolons that end nothing.</summary>
    private void CountBlock(string word)
    {
        switch (word)
        {
            case "BEGIN":
            case "CASE" when _blocks > 0:
                _blocks++;
                break;
            case "END" when _blocks > 0:
                _blocks--;
                break;
        }
    }

    private bool IsRoutineDefinition() => _words is ["CREATE", "FUNCTION" or "PROCEDURE", ..] or ["CREATE", "OR", "REPLACE", "FUNCTION" or "PROCEDURE", ..];

    private static bool IsWordStart(char character) => char.IsLetter(character) || character is '_' or '@';

    private bool IsWordPart(char character) =>
        char.IsLetterOrDigit(character) || character is '_' or '@' || (character == '$' && _dialect != SqlDialect.Sqlite);

    private void SkipToStatement()
    {
        while (!AtEnd)
        {
            if (char.IsWhiteSpace(_sql[_position]))
                _position++;
            else if (Rest.StartsWith(_delimiter))
                _position += _delimiter.Length;
            else if (AtExecutableComment() || !TrySkipComment())
                return;
        }
    }

    private bool AtExecutableComment() => _dialect == SqlDialect.MySql && (Rest.StartsWith("/*!") || Rest.StartsWith("/*M!"));

    private bool TrySkipComment()
    {
        if (AtExecutableComment())
        {
            // Its content counts as code; so only the opening is skipped, and the closing when it comes.
            _position += Rest.IndexOf('!') + 1;
            while (!AtEnd && char.IsAsciiDigit(_sql[_position]))
                _position++;
            return true;
        }

        if (AtLineComment())
        {
            SkipPast("\n");
            return true;
        }

        if (Rest.StartsWith("/*"))
        {
            SkipBlockComment();
            return true;
        }

        if (_dialect != SqlDialect.MySql || !Rest.StartsWith("*/"))
            return false;
        _position += 2;
        return true;
    }

    private bool AtLineComment()
    {
        if (_dialect != SqlDialect.MySql)
            return Rest.StartsWith("--");
        return _sql[_position] == '#' || (Rest.StartsWith("--") && (Rest.Length == 2 || char.IsWhiteSpace(Rest[2])));
    }

    private void SkipBlockComment()
    {
        _position += 2;
        if (_dialect != SqlDialect.PostgreSql)
        {
            SkipPast("*/");
            return;
        }

        for (var depth = 1; depth > 0 && !AtEnd;)
        {
            if (Rest.StartsWith("/*"))
                (depth, _position) = (depth + 1, _position + 2);
            else if (Rest.StartsWith("*/"))
                (depth, _position) = (depth - 1, _position + 2);
            else
                _position++;
        }
    }

    private bool TrySkipQuoted()
    {
        switch (_sql[_position])
        {
            case '\'':
                SkipQuoted('\'', BackslashEscapes());
                return true;
            case '"':
                SkipQuoted('"', _dialect == SqlDialect.MySql);
                return true;
            case '`' when _dialect != SqlDialect.PostgreSql:
                SkipQuoted('`', backslashEscapes: false);
                return true;
            case '[' when _dialect == SqlDialect.Sqlite:
                SkipPast("]");
                return true;
            case '$' when _dialect == SqlDialect.PostgreSql:
                return TrySkipDollarQuoted();
            default:
                return false;
        }
    }

    /// <summary>In PostgreSQL only after an E: the word before the quote, without a blank between them.</summary>
    private bool BackslashEscapes() => _dialect switch
    {
        SqlDialect.MySql => true,
        SqlDialect.PostgreSql => _position > 0 && _sql[_position - 1] is 'E' or 'e' && (_position == 1 || !IsWordPart(_sql[_position - 2])),
        _ => false,
    };

    private void SkipQuoted(char quote, bool backslashEscapes)
    {
        _position++;
        while (!AtEnd)
        {
            var character = _sql[_position++];
            if (character == '\\' && backslashEscapes)
                _position = Math.Min(_position + 1, _sql.Length);
            else if (character == quote && !AtEnd && _sql[_position] == quote)
                _position++;
            else if (character == quote)
                return;
        }
    }

    private bool TrySkipDollarQuoted()
    {
        if (DollarTag() is not { } tag)
            return false;
        var begin = _position + tag.Length;
        var end = _sql.IndexOf(tag, begin, StringComparison.Ordinal);
        _bodies.Add(new SqlBody(LineAt(begin), end < 0 ? _sql[begin..] : _sql[begin..end]));
        _position = end < 0 ? _sql.Length : end + tag.Length;
        return true;
    }

    /// <returns><c>$$</c>, <c>$tag$</c>, or null where the dollar begins no quote: <c>$1</c>.</returns>
    private string? DollarTag()
    {
        var length = 1;
        while (length < Rest.Length && (char.IsLetterOrDigit(Rest[length]) || Rest[length] == '_'))
            length++;
        var isTag = length < Rest.Length && Rest[length] == '$' && !char.IsAsciiDigit(Rest[1]);
        return isTag ? Rest[..(length + 1)].ToString() : null;
    }

    private bool TrySkipDelimiterCommand()
    {
        const string Command = "DELIMITER";
        if (_dialect != SqlDialect.MySql || !Rest.StartsWith(Command, StringComparison.OrdinalIgnoreCase)
            || Rest.Length <= Command.Length || Rest[Command.Length] is not (' ' or '\t'))
        {
            return false;
        }

        _delimiter = ReadLine()[Command.Length..].Trim();
        return true;
    }

    private SqlStatement? ReadClientCommand(int number)
    {
        var isCommand = _dialect switch
        {
            SqlDialect.PostgreSql => _sql[_position] == '\\',
            SqlDialect.MySql => _sql[_position] == '\\' || AtWord("SOURCE") || AtWord("SYSTEM"),
            _ => _sql[_position] == '.',
        };
        if (!isCommand)
            return null;
        var line = LineAt(_position);
        var text = ReadLine().Trim();
        var word = "\\" + text.Split([' ', '\t'], 2)[0].TrimStart('\\', '.').ToUpperInvariant();
        return new SqlStatement(number, line, text, [word], [], null);
    }

    private bool AtWord(string word) =>
        Rest.StartsWith(word, StringComparison.OrdinalIgnoreCase) && Rest.Length > word.Length && char.IsWhiteSpace(Rest[word.Length]);

    private bool IsCopyFromStandardInput(ImmutableArray<string> words) =>
        _dialect == SqlDialect.PostgreSql && words is ["COPY", ..] && words.Zip(words.Skip(1)).Any(pair => pair is { First: "FROM", Second: "STDIN" });

    /// <summary>The lines up to <c>\.</c>, each with its end.</summary>
    private string ReadCopyData()
    {
        ReadLine();
        var begin = _position;
        while (!AtEnd)
        {
            var lineBegin = _position;
            if (ReadLine().TrimEnd('\r') == "\\.")
                return _sql[begin..lineBegin];
        }

        return _sql[begin..];
    }

    private string ReadLine()
    {
        var begin = _position;
        SkipPast("\n");
        return _sql[begin.._position].TrimEnd('\n');
    }

    private void SkipPast(string end)
    {
        var found = _sql.IndexOf(end, _position, StringComparison.Ordinal);
        _position = found < 0 ? _sql.Length : found + end.Length;
    }

    /// <summary>Asked for ascending positions only.</summary>
    private int LineAt(int position)
    {
        _line += _sql.AsSpan(_lineCountedTo, position - _lineCountedTo).Count('\n');
        _lineCountedTo = position;
        return _line;
    }
}
