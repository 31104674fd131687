using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Statements;

/// <summary>Counts the statements of a command's text by kind.</summary>
internal static class StatementReader
{
    public static StatementCounts Count(ReadOnlySpan<char> text, SqlDialect dialect)
    {
        var tokens = new SqlTokens(text, dialect);
        var counts = default(StatementCounts);
        while (true)
        {
            var statement = new Statement();
            var token = tokens.Next();
            while (token != SqlTokenKind.End && !statement.EndsWith(token))
            {
                statement.Take(token, tokens.Word);
                token = tokens.Next();
            }

            if (statement.Kind != StatementKind.None)
                counts = counts.Plus(statement.Kind);
            if (token == SqlTokenKind.End)
                return counts;
        }
    }

    /// <summary>The kind of one statement by its first word alone; <see cref="StatementKind.None"/> where it takes more to tell.</summary>
    public static StatementKind KindOf(ReadOnlySpan<char> verb)
    {
        Span<char> upper = stackalloc char[16];
        if (verb.Length > upper.Length)
            return StatementKind.Other;
        upper = upper[..verb.ToUpperInvariant(upper)];
        return upper switch
        {
            "WITH" or "EXPLAIN" or "ANALYZE" or "COPY" or "START" => StatementKind.None,
            "SELECT" or "VALUES" or "TABLE" => StatementKind.Read,
            "INSERT" or "UPDATE" or "DELETE" or "MERGE" or "REPLACE" or "LOAD" => StatementKind.Write,
            "BEGIN" => StatementKind.Begin,
            _ => StatementKind.Other,
        };
    }

    /// <summary>One statement while its tokens go by.</summary>
    private ref struct Statement
    {
        private static readonly string[] Routines = ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"];
        private static readonly string[] Bodiless = ["TABLE", "VIEW", "INDEX", "AS"];

        // "END IF" and the like close blocks that are not counted.
        private static readonly string[] UncountedBlocks = ["IF", "LOOP", "WHILE", "REPEAT", "FOR"];

        private Form _form;
        private int _depth;
        private int _blocks;
        private bool _afterOpen;
        private bool _afterEnd;

        public StatementKind Kind { get; private set; }

        private enum Form
        {
            /// <summary>Nothing seen yet.</summary>
            Empty,

            /// <summary>The kind is known, whatever follows.</summary>
            Decided,

            /// <summary>After WITH: the first verb outside parentheses decides, a writing one inside too.</summary>
            CommonTable,

            /// <summary>After EXPLAIN: nothing runs, unless ANALYZE follows.</summary>
            Explain,

            /// <summary>After EXPLAIN ANALYZE: what follows runs.</summary>
            ExplainAnalyze,

            /// <summary>After COPY: FROM writes, TO reads.</summary>
            Copy,

            /// <summary>After START: a transaction, or a replica.</summary>
            Start,

            /// <summary>After CREATE: a routine or trigger may follow, whose body holds semicolons.</summary>
            Create,

            /// <summary>Within a routine.</summary>
            Routine,
        }

        public readonly bool EndsWith(SqlTokenKind token) => token == SqlTokenKind.Semicolon && _blocks - (_afterEnd ? 1 : 0) <= 0;

        public void Take(SqlTokenKind token, ReadOnlySpan<char> word)
        {
            if (_afterEnd && token != SqlTokenKind.Word)
                TakeBody([]);
            switch (token)
            {
                case SqlTokenKind.Open:
                    _depth++;
                    _afterOpen = true;
                    return;
                case SqlTokenKind.Close:
                    _depth--;
                    break;
                case SqlTokenKind.Word when _form != Form.Decided:
                    TakeWord(word);
                    break;
                case SqlTokenKind.Else when _form == Form.Empty:
                    Decide(StatementKind.Other);
                    break;
            }

            _afterOpen = false;
        }

        private void TakeWord(ReadOnlySpan<char> word)
        {
            switch (_form)
            {
                case Form.Empty:
                    TakeVerb(word);
                    break;
                case Form.CommonTable:
                    TakeCommonTable(word);
                    break;
                case Form.Explain or Form.ExplainAnalyze:
                    TakeExplained(word);
                    break;
                case Form.Copy:
                    TakeCopy(word);
                    break;
                case Form.Start:
                    Decide(Is(word, "TRANSACTION") ? StatementKind.Begin : StatementKind.Other);
                    break;
                case Form.Routine:
                    TakeBody(word);
                    break;
                default:
                    TakeCreated(word);
                    break;
            }
        }

        private void TakeVerb(ReadOnlySpan<char> word)
        {
            var kind = KindOf(word);
            if (kind is not (StatementKind.None or StatementKind.Other))
            {
                Decide(kind);
                return;
            }

            Kind = StatementKind.Other;
            _form = Is(word, "WITH") ? Form.CommonTable
                : Is(word, "EXPLAIN") ? Form.Explain
                : Is(word, "COPY") ? Form.Copy
                : Is(word, "START") ? Form.Start
                : Is(word, "CREATE") ? Form.Create
                : Form.Decided;
            if (_form is Form.CommonTable or Form.Explain)
                Kind = StatementKind.Read;

            // "(SELECT …) UNION …" begins outside any verb's parentheses.
            _depth = 0;
        }

        private void TakeCommonTable(ReadOnlySpan<char> word)
        {
            // REPLACE and LOAD in parentheses are functions or names: only PostgreSQL writes in there, and it has neither.
            var kind = KindOf(word);
            if (_afterOpen && kind == StatementKind.Write && !Is(word, "REPLACE") && !Is(word, "LOAD"))
                Decide(StatementKind.Write);
            else if (_depth == 0 && kind is (StatementKind.Read or StatementKind.Write))
                Decide(kind);
        }

        private void TakeExplained(ReadOnlySpan<char> word)
        {
            if (_form == Form.Explain)
            {
                _form = Is(word, "ANALYZE") ? Form.ExplainAnalyze : Form.Explain;
                return;
            }

            var kind = KindOf(word);
            if (kind is StatementKind.Write || (kind is StatementKind.Read && _depth == 0))
                Decide(kind);
            else if (Is(word, "WITH"))
                _form = Form.CommonTable;
        }

        private void TakeCopy(ReadOnlySpan<char> word)
        {
            if (_depth > 0)
                return;
            if (Is(word, "FROM"))
                Decide(StatementKind.Write);
            else if (Is(word, "TO"))
                Decide(StatementKind.Read);
        }

        private void TakeCreated(ReadOnlySpan<char> word)
        {
            if (IsOneOf(word, Routines))
                _form = Form.Routine;
            else if (IsOneOf(word, Bodiless))
                Decide(StatementKind.Other);
        }

        // BEGIN … END and CASE … END nest.
        private void TakeBody(ReadOnlySpan<char> word)
        {
            var closesCase = _afterEnd && Is(word, "CASE");
            if (_afterEnd && !IsOneOf(word, UncountedBlocks))
                _blocks--;
            _afterEnd = _blocks > 0 && Is(word, "END");
            if (Is(word, "BEGIN") || (_blocks > 0 && !closesCase && Is(word, "CASE")))
                _blocks++;
        }

        private void Decide(StatementKind kind)
        {
            Kind = kind;
            _form = Form.Decided;
        }

        private static bool IsOneOf(ReadOnlySpan<char> word, string[] keywords)
        {
            foreach (var keyword in keywords)
            {
                if (Is(word, keyword))
                    return true;
            }

            return false;
        }

        private static bool Is(ReadOnlySpan<char> word, string keyword) => word.Equals(keyword, StringComparison.OrdinalIgnoreCase);
    }
}
