using System.Diagnostics;

namespace Lending.XUnit3.Tests.Notices;

public class ReminderTests : LibraryTest
{
    [Fact]
    public async Task Who_is_late_is_reminded_of_each_book()
    {
        var member = await Given.MemberAsync();
        Copy[] copies = [await Given.LentCopyAsync(member), await Given.LentCopyAsync(member)];
        Clock.Advance(TimeSpan.FromDays(30));
        var mailbox = new Mailbox();
        Assert.Equal(1, await Library.Notices.RemindAsync(member.Card, mailbox, Stop));
        Assert.All(copies, copy => Assert.Contains($"{copy.Barcode}: 9 days late", Assert.Single(mailbox.Letters), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(21)]
    public async Task Who_is_not_late_is_left_alone(int days)
    {
        var member = await Given.MemberAsync();
        await Given.LentCopyAsync(member);
        Clock.Advance(TimeSpan.FromDays(days));
        Assert.Equal(0, await Library.Notices.RemindAsync(member.Card, new Mailbox(), Stop));
    }

    [Fact]
    public async Task One_reminder_a_day_is_enough()
    {
        var member = await Given.MemberAsync();
        await Given.LentCopyAsync(member);
        Clock.Advance(TimeSpan.FromDays(30));
        var sent = new List<int>();
        foreach (var hours in (int[])[0, 1, 24])
        {
            Clock.Advance(TimeSpan.FromHours(hours));
            sent.Add(await Library.Notices.RemindAsync(member.Card, new Mailbox(), Stop));
        }

        Assert.Equal([1, 0, 1], sent);
    }

    [Fact]
    public async Task A_stranger_gets_no_mail() =>
        await RefusedAsync(Refusal.UnknownMember, () => Library.Notices.SendAsync("nobody", "news", "…", new Mailbox(), Stop));
}

public class MailboxTests : LibraryTest
{
    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(400)]
    [InlineData(600)]
    [InlineData(900)]
    [InlineData(1200)]
    public async Task A_notice_is_noted_when_the_mailbox_has_taken_it(int milliseconds)
    {
        var member = await Given.MemberAsync();
        var mailbox = new Mailbox(milliseconds, beforeTaking: async () => Assert.Empty(await Library.Notices.OfAsync(member.Card)));
        await Library.Notices.SendAsync(member.Card, "news", "New opening hours", mailbox, Stop);
        Assert.Equal("New opening hours", Assert.Single(await Library.Notices.OfAsync(member.Card)).Body);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 50)]
    [InlineData(2, 150)]
    [InlineData(3, 350)]
    public async Task A_full_mailbox_is_tried_again_after_longer_and_longer_pauses(int refusals, int pause)
    {
        var member = await Given.MemberAsync();
        var mailbox = new Mailbox(refusals: refusals);
        var waiting = Stopwatch.StartNew();
        await Library.Notices.SendAsync(member.Card, "news", "…", mailbox, Stop);
        Assert.InRange(waiting.ElapsedMilliseconds, Math.Max(0, pause - 20), long.MaxValue);
        Assert.Equal(refusals + 1, mailbox.Attempts);
    }

    [Fact]
    public async Task After_four_times_it_is_an_error()
    {
        var member = await Given.MemberAsync();
        var mailbox = new Mailbox(refusals: int.MaxValue);
        await Assert.ThrowsAsync<IOException>(() => Library.Notices.SendAsync(member.Card, "news", "…", mailbox, Stop));
        Assert.Equal(4, mailbox.Attempts);
        Assert.Empty(await Library.Notices.OfAsync(member.Card));
    }
}

public class NoticeTextTests : LibraryTest
{
    // Rows with display names of their own: two the same, one with what names are seldom made of, and one that is skipped by itself.
    public static IEnumerable<TheoryDataRow<string>> Bodies() =>
    [
        new("plain") { TestDisplayName = "A notice" },
        new("another") { TestDisplayName = "A notice" },
        new("emoji 📬 and \"quotes\"") { TestDisplayName = "A notice (📬, \"quoted\", a&b|c!d=e~f, back\\slash)" },
        new("line\nbreak\r\nand\ttab") { TestDisplayName = "A notice\nof two lines" },
        new("") { TestDisplayName = "An empty notice" },
        new("not sent") { Skip = "The postman has the day off.", TestDisplayName = "A notice that stays" },
        new("loud") { Explicit = true, TestDisplayName = "A notice that only goes out when asked for" },
        new(new string('x', 5000)),
        new("שלום \u202e" + new string('y', 60)),
        new("שלום \u202e" + new string('y', 61)),
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Text_arrives_as_it_was_written(string body)
    {
        Assert.False(body is "loud" or "not sent", "A row that a plain run leaves out has run.");
        var member = await Given.MemberAsync();
        await Library.Notices.SendAsync(member.Card, "news", body, new Mailbox(), Stop);
        Assert.Equal(body, Assert.Single(await Library.Notices.OfAsync(member.Card)).Body);
    }

    public static MatrixTheoryData<string, int> Kinds() => new(["news", "overdue", "ready"], [1, 2]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Notices_of_a_kind_are_kept_in_order(string kind, int count)
    {
        var member = await Given.MemberAsync();
        for (var number = 1; number <= count; number++)
            await Library.Notices.SendAsync(member.Card, kind, $"Number {number}", new Mailbox(milliseconds: 60), Stop);
        Assert.Equal(count, (await Library.Notices.OfAsync(member.Card)).Count(notice => notice.Kind == kind));
    }

    // Half surrogate pairs, which only memory carries.
    [Theory]
    [InlineData('\ud83d')]
    [InlineData('\udcec')]
    public async Task A_name_is_made_of_whole_characters(char half) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Given.MemberAsync(name: $"Half {half}"));
}
