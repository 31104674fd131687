namespace Lending.XUnit3.Tests.Reservations;

public class PickupTests : LibraryTest
{
    [Fact]
    public async Task A_book_that_comes_back_lies_ready_for_the_first()
    {
        var (copy, first, _) = await LentWithTwoWaitingAsync();
        var receipt = await Library.Loans.ReturnAsync(copy.Barcode);
        var ready = await Library.Reservations.GetAsync(receipt.ReservationReady!.Value);
        Assert.Equal(first.Id, ready!.MemberId);
        Assert.Equal(Library.Today.AddDays(ReservationDesk.PickupDays), ready.ReadyUntil);
    }

    [Fact]
    public async Task It_is_not_lent_to_the_second()
    {
        var (copy, _, second) = await LentWithTwoWaitingAsync();
        await Library.Loans.ReturnAsync(copy.Barcode);
        await RefusedAsync(Refusal.ReservedForAnother, () => Library.Loans.LendAsync(second.Card, copy.Barcode));
    }

    [Fact]
    public async Task Who_fetches_it_has_waited_enough()
    {
        var (copy, first, second) = await LentWithTwoWaitingAsync();
        await Library.Loans.ReturnAsync(copy.Barcode);
        await Library.Loans.LendAsync(first.Card, copy.Barcode);
        Assert.Null(await Library.Reservations.PositionAsync(first.Card, copy.BookId));
        Assert.Equal(1, await Library.Reservations.PositionAsync(second.Card, copy.BookId));
    }

    [Fact]
    public async Task A_second_free_copy_goes_to_whoever_asks()
    {
        var (copy, _, _) = await LentWithTwoWaitingAsync();
        var book = await Library.Reservations.QueueAsync(copy.BookId);
        Assert.Equal(2, book.Count);
        await Library.Loans.ReturnAsync(copy.Barcode);
        var another = await Library.Catalogue.AddCopyAsync(copy.BookId, "EAST", Given.NewBarcode());
        var stranger = await Given.MemberAsync();
        Assert.Equal(stranger.Id, (await Library.Loans.LendAsync(stranger.Card, another.Barcode)).MemberId);
    }

    [Fact]
    public async Task Who_cancels_when_it_lies_ready_passes_it_on()
    {
        var (copy, first, second) = await LentWithTwoWaitingAsync();
        await Library.Loans.ReturnAsync(copy.Barcode);
        await Library.Reservations.CancelAsync(first.Card, copy.BookId);
        Assert.Equal(["ready"], (await Library.Reservations.QueueAsync(copy.BookId)).Select(reservation => reservation.State));
        Assert.Equal(1, await Library.Reservations.PositionAsync(second.Card, copy.BookId));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(ReservationDesk.PickupDays, 0)]
    [InlineData(ReservationDesk.PickupDays + 1, 1)]
    [InlineData(400, 1)]
    public async Task After_a_week_it_goes_to_the_next(int days, int expired)
    {
        var (copy, first, _) = await LentWithTwoWaitingAsync();
        await Library.Loans.ReturnAsync(copy.Barcode);
        Clock.Advance(TimeSpan.FromDays(days));
        Assert.Equal(expired, await Library.Reservations.ExpireAsync(copy.BookId));
        Assert.Equal(expired == 0 ? 1 : null, await Library.Reservations.PositionAsync(first.Card, copy.BookId));
    }

    [Fact]
    public async Task A_borrower_does_not_renew_what_others_wait_for()
    {
        var borrower = await Given.MemberAsync();
        var copy = await Given.LentCopyAsync(borrower);
        await Library.Reservations.PlaceAsync((await Given.MemberAsync()).Card, copy.BookId);
        await RefusedAsync(Refusal.ReservedForAnother, () => Library.Loans.RenewAsync(borrower.Card, copy.Barcode));
    }

    private async Task<(Copy Copy, Member First, Member Second)> LentWithTwoWaitingAsync()
    {
        var copy = await Given.LentCopyAsync(await Given.MemberAsync());
        var (first, second) = (await Given.MemberAsync(), await Given.MemberAsync());
        await Library.Reservations.PlaceAsync(first.Card, copy.BookId);
        await Library.Reservations.PlaceAsync(second.Card, copy.BookId);
        return (copy, first, second);
    }
}

public class ReadyScreenTests : LibraryTest
{
    [Theory]
    [InlineData(50)]
    [InlineData(200)]
    [InlineData(500)]
    [InlineData(700)]
    [InlineData(1000)]
    [InlineData(1300)]
    [InlineData(1700)]
    public async Task The_screen_shows_a_book_soon_after_it_came_back(int milliseconds)
    {
        var copy = await Given.LentCopyAsync(await Given.MemberAsync());
        var reservation = await Library.Reservations.PlaceAsync((await Given.MemberAsync()).Card, copy.BookId);
        var screen = Library.Reservations.WaitUntilReadyAsync(reservation.Id, TimeSpan.FromMilliseconds(40), Stop);
        await WaitAsync(milliseconds);
        Assert.False(screen.IsCompleted);
        await Library.Loans.ReturnAsync(copy.Barcode);
        Assert.Equal("ready", (await screen).State);
    }

    [Fact]
    public async Task The_screen_is_switched_off_in_the_evening()
    {
        var reservation = await Library.Reservations.PlaceAsync((await Given.MemberAsync()).Card, (await Given.BookAsync()).Id);
        using var evening = new CancellationTokenSource(TimeSpan.FromMilliseconds(600));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Library.Reservations.WaitUntilReadyAsync(reservation.Id, TimeSpan.FromMilliseconds(40), evening.Token));
    }
}
