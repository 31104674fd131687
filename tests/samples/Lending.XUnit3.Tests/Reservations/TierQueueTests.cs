namespace Lending.XUnit3.Tests.Reservations;

public interface ITier
{
    string Code { get; }
}

public sealed class ChildTier : ITier
{
    public string Code => "child";
}

public sealed class StudentTier : ITier
{
    public string Code => "student";
}

/// <summary>A member of some tier and a book of which the only copy is lent.</summary>
public sealed class TakenBook<TTier> : IAsyncLifetime
    where TTier : ITier, new()
{
    private readonly Library _library = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"{typeof(TTier).Name} {Guid.NewGuid():N}");

    public Member Borrower { get; private set; } = null!;

    public Copy Copy { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var given = new Given(_library);
        Borrower = await given.MemberAsync(new TTier().Code);
        Copy = await given.LentCopyAsync(Borrower);
    }

    public async ValueTask DisposeAsync() => await _library.Journal.UndoInsertsAsync(_library.Actor);
}

/// <summary>The same for every tier: a generic class with a generic fixture.</summary>
public abstract class TierQueueTests<TTier>(TakenBook<TTier> taken) : LibraryTest, IClassFixture<TakenBook<TTier>>
    where TTier : ITier, new()
{
    [Fact]
    public void The_borrower_is_of_the_tier() => Assert.Equal(new TTier().Code, taken.Borrower.Tier.Code);

    [Fact]
    public async Task The_borrower_may_wait_for_the_next_copy()
    {
        await Library.Reservations.PlaceAsync(taken.Borrower.Card, taken.Copy.BookId);
        await WaitAsync(200);
        Assert.Single(await Library.Reservations.QueueAsync(taken.Copy.BookId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task The_queue_grows_behind_a_lent_book(int waiting)
    {
        for (var count = 0; count < waiting; count++)
            await Library.Reservations.PlaceAsync((await Given.MemberAsync(new TTier().Code)).Card, taken.Copy.BookId);
        Assert.Equal(waiting, (await Library.Reservations.QueueAsync(taken.Copy.BookId)).Count);
    }
}

public class ChildQueueTests(TakenBook<ChildTier> taken) : TierQueueTests<ChildTier>(taken);

public class StudentQueueTests(TakenBook<StudentTier> taken) : TierQueueTests<StudentTier>(taken);
