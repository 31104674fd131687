namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>The statements of one command by kind.</summary>
/// <param name="Transactions">Of the others, those that begin a transaction.</param>
internal readonly record struct StatementCounts(int Reads, int Writes, int Others, int Transactions = 0)
{
    public StatementCounts Plus(Statements.StatementKind kind) => kind switch
    {
        Statements.StatementKind.Read => this with { Reads = Reads + 1 },
        Statements.StatementKind.Write => this with { Writes = Writes + 1 },
        Statements.StatementKind.Begin => this with { Others = Others + 1, Transactions = Transactions + 1 },
        _ => this with { Others = Others + 1 },
    };
}
