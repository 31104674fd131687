using System.Data.Common;

namespace Lending;

/// <summary>What a kind of membership allows.</summary>
public sealed record Tier(string Code, int LoanLimit, int LoanDays, int RenewalLimit, int DailyFineCents);

public sealed record Member(long Id, string Card, string Name, string Email, Tier Tier, DateOnly JoinedOn, bool Blocked);

/// <summary>Who may borrow.</summary>
public sealed class Membership
{
    private const string Members = """
        SELECT m.id, m.card, m.name, m.email, t.code, t.loan_limit, t.loan_days, t.renewal_limit, t.daily_fine_cents, m.joined_on, m.blocked
        FROM members m JOIN tiers t ON t.code = m.tier
        """;

    private readonly Library _library;

    internal Membership(Library library) => _library = library;

    public async Task<Member> JoinAsync(string name, string email, string tier)
    {
        name = Title.Normalise(name);
        if (!IsEmail(email))
            throw new ArgumentException($"'{email}' is not an e-mail address.", nameof(email));
        await using var session = await _library.BeginAsync();
        var id = await session.InsertAsync(
            "members",
            ("card", $"new {Guid.NewGuid():N}"),
            ("name", name),
            ("email", email),
            ("tier", tier),
            ("joined_on", _library.Today));
        var card = CardNumber.FromNumber(200_000_000 + id);
        await session.UpdateAsync("members", id, ("card", card));
        var member = await MemberAsync(session, card);
        await session.CommitAsync();
        return member;
    }

    public async Task<Member?> FindAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        return await session.FirstAsync($"{Members} WHERE m.card = @card", Read, ("card", card));
    }

    public async Task<IReadOnlyList<Member>> OfTierAsync(string tier)
    {
        await using var session = await _library.BeginAsync();
        return await session.QueryAsync($"{Members} WHERE m.tier = @tier ORDER BY m.card", Read, ("tier", tier));
    }

    public Task BlockAsync(string card) => ChangeAsync(card, ("blocked", true));

    public Task UnblockAsync(string card) => ChangeAsync(card, ("blocked", false));

    public Task ChangeTierAsync(string card, string tier) => ChangeAsync(card, ("tier", tier));

    public Task RenameAsync(string card, string name) => ChangeAsync(card, ("name", Title.Normalise(name)));

    /// <summary>Gives a member a new card; the old one is worth nothing from then on.</summary>
    public async Task<Member> ReplaceCardAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        var member = await MemberAsync(session, card);
        var number = (long.Parse(member.Card, System.Globalization.CultureInfo.InvariantCulture) / 10) + 500_000_000;
        var fresh = CardNumber.FromNumber(number % 1_000_000_000);
        await session.UpdateAsync("members", member.Id, ("card", fresh));
        await session.CommitAsync();
        return member with { Card = fresh };
    }

    /// <summary>Ends a membership that owes neither books nor money.</summary>
    public async Task LeaveAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        var member = await MemberAsync(session, card);
        if (await LoanDesk.OpenLoansAsync(session, member.Id) > 0)
            throw new LendingRefusedException(Refusal.StillLent, $"{member.Name} still has books.");
        if (await FineBook.OwedAsync(session, member.Id) > 0)
            throw new LendingRefusedException(Refusal.FinesOwed, $"{member.Name} still owes a fine.");
        await session.DeleteAsync("members", member.Id);
        await session.CommitAsync();
    }

    internal static async Task<Member> MemberAsync(Session session, string card)
    {
        await session.LockAsync("members", "card", card);
        return await session.FirstAsync($"{Members} WHERE m.card = @card", Read, ("card", card))
            ?? throw new LendingRefusedException(Refusal.UnknownMember, $"There is no card '{card}'.");
    }

    private async Task ChangeAsync(string card, params (string Name, object? Value)[] changes)
    {
        await using var session = await _library.BeginAsync();
        var member = await MemberAsync(session, card);
        await session.UpdateAsync("members", member.Id, changes);
        await session.CommitAsync();
    }

    private static bool IsEmail(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at == text.LastIndexOf('@') && at < text.Length - 1 && !text.Any(char.IsWhiteSpace);
    }

    private static Member Read(DbDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        new Tier(row.GetString(4), row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.GetInt32(8)),
        row.GetFieldValue<DateOnly>(9),
        row.GetBoolean(10));
}
