using System.Data.Common;

namespace Lending;

public sealed record Loan(long Id, long CopyId, long MemberId, DateOnly LentOn, DateOnly DueOn, int Renewals);

/// <summary>What a member hears when a book comes back.</summary>
public sealed record ReturnReceipt(Loan Loan, int FineCents, long? ReservationReady);

public sealed record OverdueLoan(string Card, string Barcode, DateOnly DueOn, int DaysLate);

/// <summary>Lends books and takes them back.</summary>
public sealed class LoanDesk
{
    /// <summary>Who owes more than this borrows nothing.</summary>
    public const int DebtLimitCents = 500;

    private const string OpenLoans = "SELECT id, copy_id, member_id, lent_on, due_on, renewals FROM loans";

    private readonly Library _library;

    internal LoanDesk(Library library) => _library = library;

    public async Task<Loan> LendAsync(string card, string barcode)
    {
        await using var session = await _library.BeginAsync();
        var copy = await Catalogue.CopyAsync(session, barcode);
        var member = await Membership.MemberAsync(session, card);
        RefuseCopy(copy);
        await RefuseMemberAsync(session, member);
        await ReservationDesk.ClaimAsync(session, copy.BookId, member.Id);
        var due = FineRules.DueOn(_library.Today, member.Tier.LoanDays);
        var id = await session.InsertAsync(
            "loans", ("copy_id", copy.Id), ("member_id", member.Id), ("lent_on", _library.Today), ("due_on", due));
        await session.CommitAsync();
        return new Loan(id, copy.Id, member.Id, _library.Today, due, 0);
    }

    public async Task<ReturnReceipt> ReturnAsync(string barcode)
    {
        await using var session = await _library.BeginAsync();
        var copy = await Catalogue.CopyAsync(session, barcode);
        var loan = await OpenLoanAsync(session, copy);
        await session.UpdateAsync("loans", loan.Id, ("returned_on", _library.Today));
        var cents = await FineAsync(session, loan);
        var ready = await ReservationDesk.NextReadyAsync(session, copy.BookId, _library.Today);
        await session.CommitAsync();
        return new ReturnReceipt(loan, cents, ready);
    }

    public async Task<Loan> RenewAsync(string card, string barcode)
    {
        await using var session = await _library.BeginAsync();
        var copy = await Catalogue.CopyAsync(session, barcode);
        var member = await Membership.MemberAsync(session, card);
        var loan = await OpenLoanAsync(session, copy);
        if (loan.MemberId != member.Id)
            throw new LendingRefusedException(Refusal.NotOnLoan, $"Copy {barcode} is not lent to {member.Name}.");
        if (loan.Renewals >= member.Tier.RenewalLimit)
            throw new LendingRefusedException(Refusal.RenewalLimitReached, $"Copy {barcode} was renewed {loan.Renewals} times.");
        if (await ReservationDesk.WaitingAsync(session, copy.BookId) > 0)
            throw new LendingRefusedException(Refusal.ReservedForAnother, $"Somebody waits for copy {barcode}.");
        var renewed = loan with { Renewals = loan.Renewals + 1, DueOn = FineRules.DueOn(_library.Today, member.Tier.LoanDays) };
        await session.UpdateAsync("loans", loan.Id, ("renewals", renewed.Renewals), ("due_on", renewed.DueOn));
        await session.CommitAsync();
        return renewed;
    }

    public async Task<IReadOnlyList<Loan>> OpenLoansAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        return await session.QueryAsync(
            "SELECT id, copy_id, member_id, lent_on, due_on, renewals FROM open_loans WHERE card = @card ORDER BY due_on, id", Read, ("card", card));
    }

    /// <summary>Loans of one member, or of all, that should have been back before today; the longest overdue first.</summary>
    public async Task<IReadOnlyList<OverdueLoan>> OverdueAsync(string? card = null)
    {
        await using var session = await _library.BeginAsync();
        return await session.QueryAsync(
            $"SELECT card, barcode, due_on FROM open_loans WHERE due_on < @today{(card is null ? "" : " AND card = @card")} ORDER BY due_on, id",
            row => new OverdueLoan(
                row.GetString(0),
                row.GetString(1),
                row.GetFieldValue<DateOnly>(2),
                _library.Today.DayNumber - row.GetFieldValue<DateOnly>(2).DayNumber),
            card is null ? [("today", _library.Today)] : [("today", _library.Today), ("card", card)]);
    }

    internal static Task<long> OpenLoansAsync(Session session, long memberId) => session.NumberAsync(
        "SELECT COUNT(*) FROM loans WHERE member_id = @member AND returned_on IS NULL", ("member", memberId));

    private static void RefuseCopy(Copy copy)
    {
        if (copy.Withdrawn)
            throw new LendingRefusedException(Refusal.CopyWithdrawn, $"Copy {copy.Barcode} was withdrawn.");
        if (copy.OnLoan)
            throw new LendingRefusedException(Refusal.CopyOnLoan, $"Copy {copy.Barcode} is lent.");
    }

    private static async Task RefuseMemberAsync(Session session, Member member)
    {
        if (member.Blocked)
            throw new LendingRefusedException(Refusal.MemberBlocked, $"{member.Name} is blocked.");
        if (await OpenLoansAsync(session, member.Id) >= member.Tier.LoanLimit)
            throw new LendingRefusedException(Refusal.LoanLimitReached, $"{member.Name} has {member.Tier.LoanLimit} books already.");
        if (await FineBook.OwedAsync(session, member.Id) > DebtLimitCents)
            throw new LendingRefusedException(Refusal.FinesOwed, $"{member.Name} owes more than {DebtLimitCents} cents.");
    }

    private static async Task<Loan> OpenLoanAsync(Session session, Copy copy) =>
        await session.FirstAsync(
            $"{OpenLoans} WHERE copy_id = @copy AND returned_on IS NULL", Read, ("copy", copy.Id))
        ?? throw new LendingRefusedException(Refusal.NotOnLoan, $"Copy {copy.Barcode} is not lent.");

    private async Task<int> FineAsync(Session session, Loan loan)
    {
        var daily = await session.NumberAsync(
            "SELECT t.daily_fine_cents FROM tiers t JOIN members m ON m.tier = t.code WHERE m.id = @member", ("member", loan.MemberId));
        var cents = FineRules.Cents((int)daily, loan.DueOn, _library.Today);
        if (cents > 0)
            await session.InsertAsync("fines", ("loan_id", loan.Id), ("member_id", loan.MemberId), ("amount_cents", cents));
        return cents;
    }

    private static Loan Read(DbDataReader row) => new(
        row.GetInt64(0),
        row.GetInt64(1),
        row.GetInt64(2),
        row.GetFieldValue<DateOnly>(3),
        row.GetFieldValue<DateOnly>(4),
        row.GetInt32(5));
}
