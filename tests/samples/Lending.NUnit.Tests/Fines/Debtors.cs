namespace Lending.NUnit.Tests.Fines;

/// <summary>A member who owes 10.00, for all tests of this namespace.</summary>
[SetUpFixture]
public class Debtors
{
    private static readonly List<string> Visits = [];

    private readonly Library _library = new(LendingDatabase.FromEnvironment(), new LaterProvider(), $"{nameof(Debtors)} {Guid.NewGuid():N}");

    public static Member Debtor { get; private set; } = null!;

    public static IReadOnlyList<string> SetUps => Visits;

    [OneTimeSetUp]
    public async Task LendAndReturnLateAsync()
    {
        if (Trouble.WideFixture("nunit"))
            throw new InvalidOperationException("Nobody is in debt: SAMPLE_WIDE_FIXTURE asks for it.");
        Visits.Add("set up");
        var given = new Given(_library);
        Debtor = await given.MemberAsync(name: "Debtor");
        var copy = await given.LentCopyAsync(Debtor);
        LaterProvider.Days = 400;
        await _library.Loans.ReturnAsync(copy.Barcode);
        await Task.Delay(400);
    }

    [OneTimeTearDown]
    public Task ForgiveAsync() => _library.Journal.UndoInsertsAsync(_library.Actor);

    private sealed class LaterProvider : TimeProvider
    {
        public static int Days { get; set; }

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2024, 1, 8, 9, 0, 0, TimeSpan.Zero).AddDays(Days);
    }
}
