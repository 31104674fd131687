namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>Splits a script into statements as the engine's own command line client does: psql
/// (https://www.postgresql.org/docs/current/app-psql.html, src/fe_utils/psqlscan.l) with dollar quotes, nested comments, BEGIN ATOMIC
/// bodies and COPY data; mysql with DELIMITER and executable comments; sqlite3 with its three ways to quote. It reads bytes, a character
/// for each: what ends a statement is ASCII in every encoding, and all others count as letters.</summary>
internal sealed class SqlScriptReader
{
    private static readonly char[] Spaces = [' ', '\t', '\r', '\n', '\f', '\v'];

    private readonly string _script;
    private readonly SqlDialect _dialect;
    private readonly bool _isUnicode;
    private readonly SqlEncodingTracker _encoding;
    private readonly ImmutableArray<Range>.Builder _opaque = ImmutableArray.CreateBuilder<Range>();
    private readonly ImmutableArray<string>.Builder _words = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<SqlBody>.Builder _bodies = ImmutableArray.CreateBuilder<SqlBody>();
    private string _delimiter = ";";

    /// <summary>The script, without the later bytes of characters where these may look like a quote.</summary>
    private string _sql;
    private int _position;
    private int _line = 1;
    private int _lineCountedTo;
    private int _parentheses;
    private int _blocks;

    private SqlScriptReader(SqlScriptFile script, SqlDialect dialect)
    {
        _sql = _script = script.Bytes;
        _isUnicode = script.IsUnicode;
        _dialect = dialect;
        _encoding = SqlEncodingTracker.For(dialect);
    }

    private bool AtEnd => _position >= _sql.Length;

    private ReadOnlySpan<char> Rest => _sql.AsSpan(_position);

    public static IEnumerable<SqlStatement> Read(string sql, SqlDialect dialect) => Read(new SqlScriptFile(sql, IsUnicode: false), dialect);

    public static IEnumerable<SqlStatement> Read(SqlScriptFile script, SqlDialect dialect)
    {
        var reader = new SqlScriptReader(script, dialect);
        var number = 0;
        while (reader.Next(number + 1) is { } statement)
        {
            number = statement.Number;
            reader.Follow(statement);
            yield return statement;
        }
    }

    private void Follow(SqlStatement statement)
    {
        _encoding.Follow(statement);
        if (statement.Encoding != _encoding.Current)
            _sql = _encoding.Current.HidesAscii && !_isUnicode ? _encoding.Current.Masked(_script, _position) : _script;
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
        _opaque.Clear();
        _parentheses = 0;
        _blocks = 0;
        var line = LineAt(_position);
        var begin = _position;
        while (!AtEnd && !AtDelimiter() && !AtClientCommand())
            ReadPart();
        var text = _script[begin.._position].TrimEnd(Spaces);
        var opaque = _opaque.Select(range => (range.Start.Value - begin)..Math.Min(range.End.Value - begin, text.Length))
            .ToImmutableArray();
        if (!AtEnd && AtDelimiter())
            _position += _delimiter.Length;
        var words = _words.ToImmutable();
        var (copyOffset, copyData) = IsCopyFromStandardInput(words) ? ReadCopyData() : default;
        return new SqlStatement(number, line, Bytes(text), words, _bodies.ToImmutable(), copyData is null ? null : Bytes(copyData))
        {
            Encoding = _encoding.Current,
            Offset = begin,
            CopyOffset = copyOffset,
            Opaque = opaque,
        };
    }

    /// <summary>The bytes of a text in the encoding that the script says it is in.</summary>
    private string Bytes(string read)
    {
        if (!_isUnicode || _encoding.Current == SqlEncoding.Utf8)
            return read;
        try
        {
            return _encoding.Current.FromUtf8(read);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"'{SqlText.Quote(SqlEncoding.Utf8.Decode(read))}' cannot be written in {_encoding.Current.Name}, which it sets: "
                + "leave that statement out, because the file's byte order mark names its encoding",
                exception);
        }
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
        // A delimiter may be of characters that words have too: mysql ends the statement at END$$.
        while (!AtEnd && IsWordPart(_sql[_position]) && !Rest.StartsWith(_delimiter))
            _position++;
        var word = _script[begin.._position].ToUpperInvariant();
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

    private bool IsRoutineDefinition() =>
        _words is ["CREATE", "FUNCTION" or "PROCEDURE", ..] or ["CREATE", "OR", "REPLACE", "FUNCTION" or "PROCEDURE", ..];

    private static bool IsWordStart(char character) => char.IsAsciiLetter(character) || character is '_' or '@' or >= '\u0080';

    private bool IsWordPart(char character) =>
        IsWordStart(character) || char.IsAsciiDigit(character) || (character == '$' && _dialect != SqlDialect.Sqlite);

    private static bool IsSpace(char character) => Spaces.Contains(character);

    private void SkipToStatement()
    {
        while (!AtEnd)
        {
            if (IsSpace(_sql[_position]))
                _position++;
            else if (Rest.StartsWith(_delimiter))
                _position += _delimiter.Length;
            else if (AtExecutableComment() || !TrySkipComment())
                return;
        }
    }

    /// <summary>The mark of MariaDB's dumps that stops older clients does not count: no server executes it.</summary>
    private bool AtExecutableComment() =>
        _dialect == SqlDialect.MySql && (Rest.StartsWith("/*!") || Rest.StartsWith("/*M!")) && !Rest.StartsWith("/*M!999999");

    private bool TrySkipComment()
    {
        if (AtExecutableComment())
        {
            // The content of an executable comment is code: only its opening and, later, its closing are skipped.
            _position += Rest.IndexOf('!') + 1;
            while (!AtEnd && char.IsAsciiDigit(_sql[_position]))
                _position++;
            return true;
        }

        var begin = _position;
        if (AtLineComment())
        {
            SkipPast("\n");
            AddOpaque(begin);
            return true;
        }

        if (Rest.StartsWith("/*"))
        {
            SkipBlockComment();
            AddOpaque(begin);
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
        return _sql[_position] == '#' || (Rest.StartsWith("--") && (Rest.Length == 2 || IsSpace(Rest[2])));
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

    /// <summary>PostgreSQL escapes by backslash only after an E: the word before the quote, without a blank between them.</summary>
    private bool BackslashEscapes() => _dialect switch
    {
        SqlDialect.MySql => true,
        SqlDialect.PostgreSql => _position > 0 && _sql[_position - 1] is 'E' or 'e' && (_position == 1 || !IsWordPart(_sql[_position - 2])),
        _ => false,
    };

    private void AddOpaque(int begin)
    {
        if (_dialect == SqlDialect.MySql && _script.AsSpan(begin, _position - begin).ContainsAnyInRange('\u0080', '\u00ff'))
            _opaque.Add(begin.._position);
    }

    private void SkipQuoted(char quote, bool backslashEscapes)
    {
        var begin = _position;
        SkipToQuote(quote, backslashEscapes);
        if (quote != '`')
            AddOpaque(begin);
    }

    private void SkipToQuote(char quote, bool backslashEscapes)
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
        _bodies.Add(new SqlBody(LineAt(begin), end < 0 ? _script[begin..] : _script[begin..end]));
        _position = end < 0 ? _sql.Length : end + tag.Length;
        return true;
    }

    /// <returns><c>$$</c>, <c>$tag$</c>, or null where the dollar begins no quote: <c>$1</c>.</returns>
    private string? DollarTag()
    {
        var length = 1;
        while (length < Rest.Length && Rest[length] != '$' && IsWordPart(Rest[length]) && Rest[length] != '@')
            length++;
        var isTag = length < Rest.Length && Rest[length] == '$' && !char.IsAsciiDigit(Rest[1]);
        return isTag ? Rest[..(length + 1)].ToString() : null;
    }

    private bool TrySkipDelimiterCommand()
    {
        const string Command = "DELIMITER";
        if (_dialect != SqlDialect.MySql || !Rest.StartsWith(Command, StringComparison.OrdinalIgnoreCase)
            || Rest.Length <= Command.Length || Rest[Command.Length] is not (' ' or '\t'))
            return false;

        if (Argument(ReadLine()[Command.Length..].Trim(Spaces)) is { Length: > 0 } delimiter)
            _delimiter = delimiter;
        return true;
    }

    /// <summary>The client takes one word, or what is quoted, and passes over the rest of the line.</summary>
    private static string Argument(string line)
    {
        if (line is ['\'' or '"' or '`', ..] && line.IndexOf(line[0], 1) is var end and > 0)
            return line[1..end];
        return line.Split(Spaces, 2)[0];
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
        var (begin, line) = (_position, LineAt(_position));
        var text = ReadLine().Trim(Spaces);
        var word = "\\" + text.Split([' ', '\t'], 2)[0].TrimStart('\\', '.').ToUpperInvariant();
        return new SqlStatement(number, line, text, [word], [], null) { Encoding = _encoding.Current, Offset = begin };
    }

    private bool AtWord(string word) =>
        Rest.StartsWith(word, StringComparison.OrdinalIgnoreCase) && Rest.Length > word.Length && IsSpace(Rest[word.Length]);

    private bool IsCopyFromStandardInput(ImmutableArray<string> words) =>
        _dialect == SqlDialect.PostgreSql && words is ["COPY", ..]
            && words.Zip(words.Skip(1)).Any(pair => pair is { First: "FROM", Second: "STDIN" });

    /// <summary>The lines up to <c>\.</c>, each with its end.</summary>
    private (int Offset, string Data) ReadCopyData()
    {
        ReadLine();
        var begin = _position;
        while (!AtEnd)
        {
            var lineBegin = _position;
            if (ReadLine().TrimEnd('\r') == "\\.")
                return (begin, _script[begin..lineBegin]);
        }

        return (begin, _script[begin..]);
    }

    private string ReadLine()
    {
        var begin = _position;
        SkipPast("\n");
        return _script[begin.._position].TrimEnd('\n');
    }

    private void SkipPast(string end)
    {
        var found = _sql.IndexOf(end, _position, StringComparison.Ordinal);
        _position = found < 0 ? _sql.Length : found + end.Length;
    }

    /// <summary>Callers ask for ascending positions only.</summary>
    private int LineAt(int position)
    {
        _line += _sql.AsSpan(_lineCountedTo, position - _lineCountedTo).Count('\n');
        _lineCountedTo = position;
        return _line;
    }
}
