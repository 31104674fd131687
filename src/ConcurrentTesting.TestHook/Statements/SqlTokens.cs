namespace ConcurrentTesting.TestHook.Statements;

internal enum SqlTokenKind
{
    End,

    /// <summary>A keyword or a plain name.</summary>
    Word,
    Open,
    Close,
    Semicolon,

    /// <summary>A string, a quoted name, a number, an operator: nothing that says what a statement is.</summary>
    Else,
}

/// <summary>Splits SQL into as much as it takes to tell statements and their kinds apart: comments, strings and quoted names of the
/// dialects are passed over whole. Text that ends within one ends the text; it is the server's to complain.</summary>
/// <remarks>PostgreSQL 4.1 "Lexical Structure"; MySQL 8.4 chapter 11 "Language Structure"; https://sqlite.org/lang_comment.html,
/// https://sqlite.org/lang_keywords.html.</remarks>
internal ref struct SqlTokens(ReadOnlySpan<char> text, SqlDialect dialect)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _at;
    private int _start;
    private int _end;

    /// <summary>The text of the last token, a word or something else.</summary>
    public readonly ReadOnlySpan<char> Word => _text[_start.._at];

    /// <summary>Blanks or comments stood before the last token.</summary>
    public readonly bool IsApart => _start > _end;

    /// <summary>What stands right after the last token; zero at the end.</summary>
    public readonly char Following => Peek(0);

    public SqlTokenKind Next()
    {
        _end = _at;
        SkipBlanks();
        _start = _at;
        if (_at >= _text.Length)
            return SqlTokenKind.End;

        var first = _text[_at];
        if (IsWordStart(first))
            return ReadWord();
        _at++;
        switch (first)
        {
            case '(':
                return SqlTokenKind.Open;
            case ')':
                return SqlTokenKind.Close;
            case ';':
                return SqlTokenKind.Semicolon;
            default:
                SkipElse(first);
                return SqlTokenKind.Else;
        }
    }

    private void SkipElse(char first)
    {
        switch (first)
        {
            case '\'' or '"' or '`':
                SkipQuoted(first, backslashes: dialect == SqlDialect.MySql && first != '`');
                break;
            case '[' when dialect == SqlDialect.Sqlite:
                SkipQuoted(']', backslashes: false);
                break;
            case '$' when dialect == SqlDialect.PostgreSql:
                SkipDollarQuoted();
                break;
            default:
                SkipNumber(first);
                break;
        }
    }

    private SqlTokenKind ReadWord()
    {
        while (_at < _text.Length && IsWordPart(_text[_at]))
            _at++;
        if (Peek(0) != '\'' || _at - _start != 1)
            return SqlTokenKind.Word;

        // E'…', N'…', B'…' and X'…' are strings that begin with a letter.
        var isEscaped = _text[_start] is 'e' or 'E';
        _at++;
        SkipQuoted('\'', backslashes: dialect == SqlDialect.MySql || (dialect == SqlDialect.PostgreSql && isEscaped));
        return SqlTokenKind.Else;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length)
        {
            if (char.IsWhiteSpace(_text[_at]) || _text[_at] == '\uFEFF')
                _at++;
            else if (IsLineComment())
                SkipLine();
            else if (_text[_at] == '/' && Peek(1) == '*')
                SkipComment();
            else
                return;
        }
    }

    private readonly bool IsLineComment() => _text[_at] == '-' ? IsDashComment() : _text[_at] == '#' && dialect == SqlDialect.MySql;

    // MySQL takes "--" for a comment only before a blank: there "5--3" is 8.
    private readonly bool IsDashComment() =>
        Peek(1) == '-' && (dialect != SqlDialect.MySql || Peek(2) is '\0' || char.IsWhiteSpace(Peek(2)) || char.IsControl(Peek(2)));

    private void SkipLine()
    {
        var end = _text[_at..].IndexOfAny('\n', '\r');
        _at = end < 0 ? _text.Length : _at + end + 1;
    }

    // "/*!40101 SET … */" runs on MySQL and "/*M! … */" on MariaDB, so only the mark is passed over.
    private bool TryEnterExecutableComment()
    {
        var mark = Peek(2) == '!' ? 3 : Peek(2) == 'M' && Peek(3) == '!' ? 4 : 0;
        if (dialect != SqlDialect.MySql || mark == 0)
            return false;
        _at += mark;
        while (char.IsAsciiDigit(Peek(0)))
            _at++;
        return true;
    }

    private void SkipComment()
    {
        if (TryEnterExecutableComment())
            return;
        var depth = 1;
        _at += 2;
        while (_at < _text.Length && depth > 0)
        {
            if (_text[_at] == '*' && Peek(1) == '/')
            {
                depth--;
                _at += 2;
            }
            else if (_text[_at] == '/' && Peek(1) == '*' && dialect == SqlDialect.PostgreSql)
            {
                depth++;
                _at += 2;
            }
            else
            {
                _at++;
            }
        }
    }

    private void SkipQuoted(char quote, bool backslashes)
    {
        while (_at < _text.Length)
        {
            var current = _text[_at++];
            if (current == '\\' && backslashes)
                _at++;
            else if (current == quote && Peek(0) == quote)
                _at++;
            else if (current == quote)
                return;
        }

        _at = _text.Length;
    }

    // $$ … $$ and $name$ … $name$ are strings; $1 is a parameter.
    private void SkipDollarQuoted()
    {
        var end = _at;
        while (end < _text.Length && (IsWordStart(_text[end]) || (end > _at && char.IsAsciiDigit(_text[end]))))
            end++;
        if (end >= _text.Length || _text[end] != '$')
            return;
        var tag = _text[(_at - 1)..(end + 1)];
        var close = _text[(end + 1)..].IndexOf(tag, StringComparison.Ordinal);
        _at = close < 0 ? _text.Length : end + 1 + close + tag.Length;
    }

    private void SkipNumber(char first)
    {
        if (!char.IsAsciiDigit(first))
            return;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '.' or '_'))
            _at++;
    }

    private readonly char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private static bool IsWordPart(char character) => IsWordStart(character) || char.IsAsciiDigit(character) || character == '$';

    private static bool IsWordStart(char character) =>
        char.IsAsciiLetter(character) || character == '_' || (character >= 0x80 && character != '\uFEFF' && !char.IsWhiteSpace(character));
}
