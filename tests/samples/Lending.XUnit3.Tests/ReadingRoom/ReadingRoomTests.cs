namespace Lending.XUnit3.Tests.ReadingRoom;

/// <summary>The room with one key, which two classes share.</summary>
public sealed class Room : IAsyncLifetime
{
    private readonly Library _library = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"{nameof(Room)} {Guid.NewGuid():N}");
    private int _keys = 1;

    public Copy Atlas { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Atlas = await new Given(_library).CopyAsync();
        await Task.Delay(400);
    }

    public async ValueTask DisposeAsync() => await _library.Journal.UndoInsertsAsync(_library.Actor);

    public async Task ReadAsync(int milliseconds, CancellationToken stop)
    {
        Assert.Equal(0, Interlocked.Decrement(ref _keys));
        await Task.Delay(milliseconds, stop);
        Interlocked.Increment(ref _keys);
    }
}

[CollectionDefinition]
public class RoomCollection : ICollectionFixture<Room>;

[Collection<RoomCollection>]
public class MorningReadingTests(Room room) : LibraryTest
{
    [Theory]
    [InlineData(120)]
    [InlineData(260)]
    public async Task The_atlas_is_read(int milliseconds)
    {
        await room.ReadAsync(milliseconds, Stop);
        Assert.False((await Library.Catalogue.CopiesAsync(room.Atlas.BookId))[0].OnLoan);
    }
}

[Collection<RoomCollection>]
public class AfternoonReadingTests(Room room) : LibraryTest
{
    [Theory]
    [InlineData(180)]
    [InlineData(340)]
    public async Task The_atlas_is_read_again(int milliseconds)
    {
        await room.ReadAsync(milliseconds, Stop);
        Assert.False((await Library.Catalogue.CopiesAsync(room.Atlas.BookId))[0].OnLoan);
    }

    [Fact]
    public async Task The_atlas_leaves_the_room_for_a_minute()
    {
        var member = await Given.MemberAsync();
        await Library.Loans.LendAsync(member.Card, room.Atlas.Barcode);
        await WaitAsync(220);
        Assert.Equal(0, (await Library.Loans.ReturnAsync(room.Atlas.Barcode)).FineCents);
    }
}
