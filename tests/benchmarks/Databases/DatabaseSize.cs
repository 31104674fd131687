using System.Globalization;
using System.Text;

namespace ConcurrentTesting.Benchmarks.Databases;

/// <summary>A template's size: tables of rows with a text of 100 characters and an index.</summary>
internal sealed record DatabaseSize(string Name, int Tables, int Rows)
{
    public static DatabaseSize Named(string name) => name switch
    {
        "S" => new DatabaseSize(name, 20, 2_500),
        "M" => new DatabaseSize(name, 200, 3_500),
        "L" => new DatabaseSize(name, 200, 40_000),
        _ => throw new ArgumentException($"size '{name}': there are S, M, L"),
    };

    public string Script(DatabaseEngine engine)
    {
        var script = new StringBuilder();
        for (var table = 1; table <= Tables; table++)
            script.AppendLine(CultureInfo.InvariantCulture, $"CREATE TABLE t{table} (id int PRIMARY KEY, category int NOT NULL, note varchar(100) NOT NULL);").AppendLine(Fill(engine, table));
        return script.ToString();
    }

    private string Fill(DatabaseEngine engine, int table)
    {
        var note = engine switch
        {
            DatabaseEngine.PostgreSql => "rpad(md5(n::text), 100, 'x')",
            DatabaseEngine.MySql => "rpad(md5(n), 100, 'x')",
            _ => "substr(hex(n * 7919) || '0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789', 1, 100)",
        };
        var numbers = engine == DatabaseEngine.PostgreSql
            ? FormattableString.Invariant($"generate_series(1, {Rows}) AS numbers(n)")
            : engine == DatabaseEngine.MySql
                ? FormattableString.Invariant($"(SELECT seq AS n FROM seq_1_to_{Rows}) AS numbers")
                : FormattableString.Invariant($"(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {Rows}) SELECT n FROM numbers)");
        return FormattableString.Invariant($"INSERT INTO t{table} SELECT n, n % 50, {note} FROM {numbers}; CREATE INDEX i{table} ON t{table} (category);");
    }
}
