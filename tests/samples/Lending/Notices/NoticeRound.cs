using System.Data.Common;

namespace Lending;

/// <summary>Where notices go. It takes a while to take one, and may refuse.</summary>
public interface IMailbox
{
    Task SendAsync(string address, string body, CancellationToken cancellation);
}

public sealed record Notice(long Id, string Kind, string Body, DateTime SentAt);

/// <summary>Tells members what they ought to know, once a day and kind.</summary>
public sealed class NoticeRound
{
    private readonly Library _library;

    internal NoticeRound(Library library) => _library = library;

    /// <summary>Reminds a member of overdue books. The answer is how many notices went out: none, where one did today already.</summary>
    public async Task<int> RemindAsync(string card, IMailbox mailbox, CancellationToken cancellation = default)
    {
        var overdue = await _library.Loans.OverdueAsync(card);
        if (overdue.Count == 0 || await SentTodayAsync(card, "overdue"))
            return 0;
        var lines = overdue.Select(loan => $"{loan.Barcode}: {loan.DaysLate} days late");
        return await SendAsync(card, "overdue", string.Join('\n', lines), mailbox, cancellation);
    }

    /// <summary>Tries again, after a pause that doubles, where the mailbox does not take a notice at once.</summary>
    public async Task<int> SendAsync(string card, string kind, string body, IMailbox mailbox, CancellationToken cancellation = default)
    {
        var member = await _library.Members.FindAsync(card)
            ?? throw new LendingRefusedException(Refusal.UnknownMember, $"There is no card '{card}'.");
        await DeliverAsync(member.Email, body, mailbox, cancellation);
        await using var session = await _library.BeginAsync(cancellation);
        await session.InsertAsync("notices", ("member_id", member.Id), ("kind", kind), ("body", body), ("sent_at", _library.Now));
        await session.CommitAsync(cancellation);
        return 1;
    }

    public async Task<IReadOnlyList<Notice>> OfAsync(string card)
    {
        await using var session = await _library.BeginAsync();
        return await session.QueryAsync(
            "SELECT n.id, n.kind, n.body, n.sent_at FROM notices n JOIN members m ON m.id = n.member_id WHERE m.card = @card ORDER BY n.id",
            Read,
            ("card", card));
    }

    private async Task<bool> SentTodayAsync(string card, string kind) =>
        (await OfAsync(card)).Any(notice => notice.Kind == kind && DateOnly.FromDateTime(notice.SentAt) == _library.Today);

    private static async Task DeliverAsync(string address, string body, IMailbox mailbox, CancellationToken cancellation)
    {
        var pause = TimeSpan.FromMilliseconds(50);
        for (var attempt = 1; ; attempt++, pause *= 2)
        {
            try
            {
                await mailbox.SendAsync(address, body, cancellation);
                return;
            }
            catch (IOException) when (attempt < 4)
            {
                await Task.Delay(pause, cancellation);
            }
        }
    }

    private static Notice Read(DbDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetString(2), DateTime.SpecifyKind(row.GetDateTime(3), DateTimeKind.Utc));
}
