namespace Lending.XUnit3.Tests.Reservations;

public class QueueTests : LibraryTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Who_comes_first_is_first(int count)
    {
        var book = await Given.BookAsync();
        var members = new List<Member>();
        for (var index = 0; index < count; index++)
        {
            members.Add(await Given.MemberAsync());
            await Library.Reservations.PlaceAsync(members[index].Card, book.Id);
        }

        for (var index = 0; index < count; index++)
            Assert.Equal(index + 1, await Library.Reservations.PositionAsync(members[index].Card, book.Id));
    }

    [Fact]
    public async Task Who_does_not_wait_has_no_place()
    {
        var book = await Given.BookAsync();
        Assert.Null(await Library.Reservations.PositionAsync((await Given.MemberAsync()).Card, book.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task When_one_leaves_those_behind_move_up(int leaving)
    {
        var book = await Given.BookAsync();
        Member[] members = [await Given.MemberAsync(), await Given.MemberAsync(), await Given.MemberAsync()];
        foreach (var member in members)
            await Library.Reservations.PlaceAsync(member.Card, book.Id);
        await Library.Reservations.CancelAsync(members[leaving].Card, book.Id);
        var positions = new List<int?>();
        foreach (var member in members)
            positions.Add(await Library.Reservations.PositionAsync(member.Card, book.Id));
        Assert.Equal([1, 2], positions.Where(position => position is not null).Select(position => position!.Value));
        Assert.Null(positions[leaving]);
    }
}

public class PlacingTests : LibraryTest
{
    [Fact]
    public async Task Nobody_waits_twice_for_the_same_book()
    {
        var member = await Given.MemberAsync();
        var book = await Given.BookAsync();
        await Library.Reservations.PlaceAsync(member.Card, book.Id);
        await RefusedAsync(Refusal.AlreadyReserved, () => Library.Reservations.PlaceAsync(member.Card, book.Id));
    }

    [Fact]
    public async Task Who_gave_up_may_come_again()
    {
        var member = await Given.MemberAsync();
        var book = await Given.BookAsync();
        await Library.Reservations.PlaceAsync(member.Card, book.Id);
        await Library.Reservations.CancelAsync(member.Card, book.Id);
        Assert.Equal("waiting", (await Library.Reservations.PlaceAsync(member.Card, book.Id)).State);
    }

    [Fact]
    public async Task Blocked_members_do_not_reserve()
    {
        var member = await Given.MemberAsync();
        var book = await Given.BookAsync();
        await Library.Members.BlockAsync(member.Card);
        await RefusedAsync(Refusal.MemberBlocked, () => Library.Reservations.PlaceAsync(member.Card, book.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public async Task Only_what_exists_is_reserved(long book)
    {
        var member = await Given.MemberAsync();
        await RefusedAsync(Refusal.UnknownBook, () => Library.Reservations.PlaceAsync(member.Card, book));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000000")]
    [InlineData("a.b(c), \"d\" & 'e' | !f = ~g")]
    [InlineData("\u202eright\u202c 📚\t\\")]
    public async Task Only_members_reserve(string card)
    {
        var book = await Given.BookAsync();
        await RefusedAsync(Refusal.UnknownMember, () => Library.Reservations.PlaceAsync(card, book.Id));
    }

    public class ByTier(OpeningDay day) : LibraryTest
    {
        [Theory]
        [InlineData("child")]
        [InlineData("student")]
        [InlineData("adult")]
        [InlineData("senior")]
        public async Task Everybody_may_wait_for_the_bestseller(string tier)
        {
            var member = await Given.MemberAsync(tier);
            Assert.Equal(member.Id, (await Library.Reservations.PlaceAsync(member.Card, day.Bestseller.Id)).MemberId);
        }

        [Fact]
        public async Task The_doors_were_opened_once()
        {
            await WaitAsync(150);
            Assert.Equal(1, OpeningDay.TimesOpened);
        }
    }
}
