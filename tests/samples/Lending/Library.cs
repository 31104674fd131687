namespace Lending;

/// <summary>The lending library: the desk that all of the application is reached from.</summary>
public sealed class Library
{
    /// <param name="actor">Who works here; the journal names them.</param>
    public Library(LendingDatabase database, TimeProvider clock, string actor)
    {
        Database = database;
        Clock = clock;
        Actor = actor;
        Catalogue = new Catalogue(this);
        Members = new Membership(this);
        Loans = new LoanDesk(this);
        Reservations = new ReservationDesk(this);
        Fines = new FineBook(this);
        Notices = new NoticeRound(this);
        Journal = new Journal(database, actor);
        Attendance = new Attendance(database);
    }

    public LendingDatabase Database { get; }

    public TimeProvider Clock { get; }

    public string Actor { get; }

    public Catalogue Catalogue { get; }

    public Membership Members { get; }

    public LoanDesk Loans { get; }

    public ReservationDesk Reservations { get; }

    public FineBook Fines { get; }

    public NoticeRound Notices { get; }

    public Journal Journal { get; }

    public Attendance Attendance { get; }

    public DateOnly Today => DateOnly.FromDateTime(Clock.GetUtcNow().UtcDateTime);

    internal DateTime Now => Clock.GetUtcNow().UtcDateTime;

    internal Task<Session> BeginAsync(CancellationToken cancellation = default) => Session.BeginAsync(Database, Actor, cancellation);
}
