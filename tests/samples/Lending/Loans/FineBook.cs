namespace Lending;

public sealed record Fine(long Id, long LoanId, int AmountCents, int PaidCents);

/// <summary>Who owes what.</summary>
public sealed class FineBook
{
    private readonly Library _library;

    internal FineBook(Library library) => _library = library;

    public async Task<int> OwedAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        var member = await Membership.MemberAsync(session, card);
        return (int)await OwedAsync(session, member.Id);
    }

    public async Task<IReadOnlyList<Fine>> OfAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        var member = await Membership.MemberAsync(session, card);
        return await FinesAsync(session, member.Id);
    }

    /// <summary>Pays the oldest fine first. The answer is what is still owed.</summary>
    public async Task<int> PayAsync(string card, int cents)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cents);
        await using var session = await _library.BeginAsync();
        var member = await Membership.MemberAsync(session, card);
        var owed = (int)await OwedAsync(session, member.Id);
        if (cents > owed)
            throw new LendingRefusedException(Refusal.PaysTooMuch, $"{member.Name} owes {owed} cents and was about to pay {cents}.");
        var left = cents;
        foreach (var fine in await FinesAsync(session, member.Id))
        {
            var part = Math.Min(left, fine.AmountCents - fine.PaidCents);
            if (part == 0)
                continue;
            await session.UpdateAsync("fines", fine.Id, ("paid_cents", fine.PaidCents + part));
            left -= part;
        }

        await session.CommitAsync();
        return owed - cents;
    }

    internal static Task<long> OwedAsync(Session session, long memberId) => session.NumberAsync(
        "SELECT SUM(amount_cents - paid_cents) FROM fines WHERE member_id = @member", ("member", memberId));

    private static Task<List<Fine>> FinesAsync(Session session, long memberId) => session.QueryAsync(
        "SELECT id, loan_id, amount_cents, paid_cents FROM fines WHERE member_id = @member ORDER BY id",
        row => new Fine(row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), row.GetInt32(3)),
        ("member", memberId));
}
