using System.Data.Common;

namespace Lending;

public sealed record Reservation(long Id, long BookId, long MemberId, string State, DateOnly? ReadyUntil);

/// <summary>Keeps the queue of those who wait for a book.</summary>
public sealed class ReservationDesk
{
    /// <summary>How long a book lies ready for whoever reserved it.</summary>
    public const int PickupDays = 7;

    private const string Columns = "SELECT id, book_id, member_id, state, ready_until FROM reservations";

    private readonly Library _library;

    internal ReservationDesk(Library library) => _library = library;

    public async Task<Reservation> PlaceAsync(string card, long bookId)
    {
        await using var session = await _library.BeginAsync();
        var member = await Membership.MemberAsync(session, card);
        if (member.Blocked)
            throw new LendingRefusedException(Refusal.MemberBlocked, $"{member.Name} is blocked.");
        if (await session.NumberAsync("SELECT COUNT(*) FROM books WHERE id = @book", ("book", bookId)) == 0)
            throw new LendingRefusedException(Refusal.UnknownBook, $"There is no book {bookId}.");
        if (await OpenAsync(session, bookId, member.Id) is not null)
            throw new LendingRefusedException(Refusal.AlreadyReserved, $"{member.Name} waits for book {bookId} already.");
        var id = await session.InsertAsync(
            "reservations", ("book_id", bookId), ("member_id", member.Id), ("placed_at", _library.Now), ("state", "waiting"));
        await session.CommitAsync();
        return new Reservation(id, bookId, member.Id, "waiting", null);
    }

    public async Task CancelAsync(string card, long bookId)
    {
        await using var session = await _library.BeginAsync();
        var member = await Membership.MemberAsync(session, card);
        var reservation = await OpenAsync(session, bookId, member.Id)
            ?? throw new LendingRefusedException(Refusal.NotReserved, $"{member.Name} does not wait for book {bookId}.");
        await session.UpdateAsync("reservations", reservation.Id, ("state", "cancelled"));
        if (reservation.State == "ready")
            await NextReadyAsync(session, bookId, _library.Today);
        await session.CommitAsync();
    }

    /// <summary>1 for the next in the queue; null for who does not wait.</summary>
    public async Task<int?> PositionAsync(string card, long bookId)
    {
        await using var session = await _library.BeginAsync();
        var member = await Membership.MemberAsync(session, card);
        var queue = await QueueAsync(session, bookId);
        var index = queue.FindIndex(reservation => reservation.MemberId == member.Id);
        return index < 0 ? null : index + 1;
    }

    public async Task<IReadOnlyList<Reservation>> QueueAsync(long bookId)
    {
        await using var session = await _library.BeginAsync();
        return await QueueAsync(session, bookId);
    }

    public async Task<Reservation?> GetAsync(long id)
    {
        await using var session = await _library.BeginAsync();
        return await session.FirstAsync($"{Columns} WHERE id = @id", Read, ("id", id));
    }

    /// <summary>Lets go what was not fetched in time and offers it to the next in the queue. The answer is how many were let go.</summary>
    public async Task<int> ExpireAsync(long bookId)
    {
        await using var session = await _library.BeginAsync();
        await session.LockAsync("books", "id", bookId);
        var late = await session.QueryAsync(
            $"{Columns} WHERE book_id = @book AND state = 'ready' AND ready_until < @today ORDER BY id",
            Read,
            ("book", bookId),
            ("today", _library.Today));
        foreach (var reservation in late)
        {
            await session.UpdateAsync("reservations", reservation.Id, ("state", "expired"));
            await NextReadyAsync(session, bookId, _library.Today);
        }

        await session.CommitAsync();
        return late.Count;
    }

    /// <summary>Waits until the book lies ready, as the screen at the desk does.</summary>
    public async Task<Reservation> WaitUntilReadyAsync(long id, TimeSpan interval, CancellationToken cancellation = default)
    {
        while (true)
        {
            if (await GetAsync(id) is { State: "ready" } reservation)
                return reservation;
            await Task.Delay(interval, cancellation);
        }
    }

    internal static Task<long> WaitingAsync(Session session, long bookId) => session.NumberAsync(
        "SELECT COUNT(*) FROM reservations WHERE book_id = @book AND state IN ('waiting', 'ready')", ("book", bookId));

    /// <summary>The first in the queue may fetch the book. Nobody is asked where nobody waits.</summary>
    internal static async Task<long?> NextReadyAsync(Session session, long bookId, DateOnly today)
    {
        var next = (await QueueAsync(session, bookId)).FirstOrDefault(reservation => reservation.State == "waiting");
        if (next is null)
            return null;
        await session.UpdateAsync("reservations", next.Id, ("state", "ready"), ("ready_until", today.AddDays(PickupDays)));
        return next.Id;
    }

    /// <summary>A borrower's own reservation is fulfilled; as many free copies as lie ready for others are not lent.</summary>
    internal static async Task ClaimAsync(Session session, long bookId, long memberId)
    {
        var ready = (await QueueAsync(session, bookId)).Where(reservation => reservation.State == "ready").ToList();
        if (ready.Find(reservation => reservation.MemberId == memberId) is { } own)
        {
            await session.UpdateAsync("reservations", own.Id, ("state", "fulfilled"));
            return;
        }

        var free = await session.NumberAsync(
            """
            SELECT COUNT(*) FROM copies c WHERE c.book_id = @book AND c.withdrawn = @no
            AND NOT EXISTS (SELECT 1 FROM loans l WHERE l.copy_id = c.id AND l.returned_on IS NULL)
            """,
            ("book", bookId),
            ("no", false));
        if (free <= ready.Count)
            throw new LendingRefusedException(Refusal.ReservedForAnother, $"All free copies of book {bookId} lie ready for others.");
    }

    private static Task<List<Reservation>> QueueAsync(Session session, long bookId) => session.QueryAsync(
        $"{Columns} WHERE book_id = @book AND state IN ('waiting', 'ready') ORDER BY id", Read, ("book", bookId));

    private static Task<Reservation?> OpenAsync(Session session, long bookId, long memberId) => session.FirstAsync(
        $"{Columns} WHERE book_id = @book AND member_id = @member AND state IN ('waiting', 'ready')",
        Read,
        ("book", bookId),
        ("member", memberId));

    private static Reservation Read(DbDataReader row) => new(
        row.GetInt64(0),
        row.GetInt64(1),
        row.GetInt64(2),
        row.GetString(3),
        row.IsDBNull(4) ? null : row.GetFieldValue<DateOnly>(4));
}
