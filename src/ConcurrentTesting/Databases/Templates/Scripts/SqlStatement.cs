namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>One statement of a script.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Line">The line it begins on, from 1.</param>
/// <param name="Text">Without its delimiter, a character for each byte; <see cref="Readable"/> for people.</param>
/// <param name="Words">
/// Its bare words in capitals, in order: what stands in comments, strings and quoted names is left out. A command of the client
/// (<c>\connect</c>) is one word.
/// </param>
/// <param name="Bodies">What stands between dollar quotes: the code of functions and of DO.</param>
/// <param name="CopyData">The rows that follow a <c>COPY … FROM STDIN</c>, a character for each byte; null for other statements.</param>
internal sealed record SqlStatement(
    int Number, int Line, string Text, ImmutableArray<string> Words, ImmutableArray<SqlBody> Bodies, string? CopyData)
{
    /// <summary>What its bytes mean.</summary>
    public SqlEncoding Encoding { get; init; } = SqlEncoding.Utf8;

    /// <summary>Where <see cref="Text"/> begins in the script.</summary>
    public int Offset { get; init; }

    /// <summary>Where <see cref="CopyData"/> begins in the script.</summary>
    public int CopyOffset { get; init; }

    /// <summary>MySQL's strings and comments that are not ASCII, as places in <see cref="Text"/>: bytes that need not be text.</summary>
    public ImmutableArray<Range> Opaque { get; init; } = [];

    /// <summary><see cref="Text"/> as characters.</summary>
    public string Readable => Encoding.Decode(Text);

    /// <summary>The statement without a part of its text.</summary>
    public SqlStatement Without(int index, int length) => this with
    {
        Text = Text.Remove(index, length),
        Opaque = [.. Opaque.Select(
            part => part.Start.Value < index ? part : new Range(part.Start.Value - length, part.End.Value - length))],
    };

    /// <summary>A command of the client program rather than SQL.</summary>
    public bool IsClientCommand => Words is [['\\', ..], ..];

    /// <summary>Whether a transaction block is open after the statement, given whether one was before.</summary>
    public bool IsInTransactionAfter(bool before) => Words switch
    {
        ["BEGIN", ..] or ["START", "TRANSACTION", ..] => true,
        ["COMMIT" or "END" or "ROLLBACK" or "ABORT", .., "CHAIN"] => before,
        ["ROLLBACK", "TO", ..] or ["COMMIT" or "ROLLBACK", "PREPARED", ..] => before,
        ["COMMIT" or "END" or "ROLLBACK" or "ABORT", ..] => false,
        _ => before,
    };
}

/// <summary>Code inside a statement.</summary>
/// <param name="Line">The line of the script it begins on, from 1.</param>
internal sealed record SqlBody(int Line, string Text);
