namespace Lending.MSTest.Tests.Members;

[TestClass]
public class JoiningTests : LibraryTest
{
    [TestMethod]
    [DataRow("child", 3)]
    [DataRow("student", 5)]
    [DataRow("adult", 8)]
    [DataRow("senior", 8)]
    public async Task A_tier_says_how_much_is_lent(string tier, int limit)
    {
        var member = await Given.MemberAsync(tier);
        Assert.AreEqual(limit, member.Tier.LoanLimit);
        Assert.AreEqual(Library.Today, member.JoinedOn);
    }

    [TestMethod]
    public async Task Every_member_has_a_valid_card_of_their_own()
    {
        var first = await Given.MemberAsync();
        var second = await Given.MemberAsync();
        Assert.IsTrue(CardNumber.IsValid(first.Card));
        Assert.AreNotEqual(first.Card, second.Card);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("nobody")]
    [DataRow("@example.org")]
    [DataRow("nobody@")]
    [DataRow("no body@example.org")]
    [DataRow("no@body@example.org")]
    [DataRow("tab\t@example.org")]
    public async Task An_address_has_one_at_and_no_blanks(string email) =>
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => Library.Members.JoinAsync("Nobody", email, "adult"));

    [TestMethod]
    public async Task The_founder_was_first()
    {
        await WaitAsync(100);
        Assert.AreEqual(1, Founding.Foundings);
        Assert.AreEqual("Founder", (await Library.Members.FindAsync(Founding.Founder.Card))?.Name);
    }
}

[TestClass]
public class NameTests : LibraryTest
{
    [TestMethod]
    [DataRow("Quote \" and 'apostrophe'")]
    [DataRow("Comma, comma,, and (parenthesis) [bracket] {brace}")]
    [DataRow("Dots... and.names.like.Namespace.Class.Method")]
    [DataRow("a&b|c!d=e~f")]
    [DataRow(@"C:\books\new\table\")]
    [DataRow("Line\nbreak")]
    [DataRow("Carriage\rreturn")]
    [DataRow("Tab\tulator")]
    [DataRow("Bell\aescape\u001b[31m")]
    [DataRow("100 % \"sure\" <b>&amp;</b> ]]>")]
    [DataRow("Emoji 📚🐛👩🏽‍🚀")]
    [DataRow("שלום \u202e ספרים")]
    [DataRow("{0} %s $HOME")]
    public async Task A_name_is_kept_as_it_was_given(string name)
    {
        var member = await Given.MemberAsync(name: name);
        Assert.AreEqual(name, (await Library.Members.FindAsync(member.Card))?.Name);
    }

    [TestMethod]
    [DynamicData(nameof(LongNames))]
    public async Task A_long_name_is_kept_too(string name, bool fits)
    {
        if (fits)
            Assert.AreEqual(name, (await Given.MemberAsync(name: name)).Name);
        else
            await Assert.ThrowsExactlyAsync<ArgumentException>(() => Given.MemberAsync(name: name));
    }

    public static IEnumerable<(string Name, bool Fits)> LongNames =>
        [(new string('n', 300), true), (new string('n', 299) + "m", true), (new string('n', 301), false), (new string('n', 3000), false)];

    [TestMethod]
    [DataRow('\ud83d')]
    [DataRow('\udc1b')]
    public async Task Half_a_surrogate_pair_is_refused(char half) =>
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => Given.MemberAsync(name: $"Half {half}"));

    [TestMethod]
    public async Task A_name_can_change()
    {
        var member = await Given.MemberAsync(name: "Before");
        await Library.Members.RenameAsync(member.Card, " After ");
        Assert.AreEqual("After", (await Library.Members.FindAsync(member.Card))?.Name);
    }
}

[TestClass]
public class LeavingTests : LibraryTest
{
    [TestMethod]
    public async Task Who_has_nothing_may_leave()
    {
        var member = await Given.MemberAsync();
        await Library.Members.LeaveAsync(member.Card);
        Assert.IsNull(await Library.Members.FindAsync(member.Card));
    }

    [TestMethod]
    public async Task Who_has_a_book_stays()
    {
        var member = await Given.MemberAsync();
        await Given.LentCopyAsync(member);
        await RefusedAsync(Refusal.StillLent, () => Library.Members.LeaveAsync(member.Card));
    }

    [TestMethod]
    public async Task Strangers_cannot_leave() => await RefusedAsync(Refusal.UnknownMember, () => Library.Members.LeaveAsync("stranger"));
}

[TestClass]
public class LostCardTests : LibraryTest
{
    [TestMethod]
    [DataRow(100)]
    [DataRow(250)]
    [DataRow(500)]
    [DataRow(900)]
    public async Task A_new_card_is_printed_and_the_old_one_is_dead(int printing)
    {
        var member = await Given.MemberAsync();
        var replaced = await Library.Members.ReplaceCardAsync(member.Card);
        await WaitAsync(printing);
        Assert.IsTrue(CardNumber.IsValid(replaced.Card));
        Assert.IsNull(await Library.Members.FindAsync(member.Card));
        Assert.AreEqual(member.Id, (await Library.Members.FindAsync(replaced.Card))?.Id);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Loans_follow_the_member()
    {
        var member = await Given.MemberAsync();
        await Given.LentCopyAsync(member);
        var replaced = await Library.Members.ReplaceCardAsync(member.Card);
        Assert.HasCount(1, await Library.Loans.OpenLoansAsync(replaced.Card));
    }
}

[TestClass]
public class TierTests : LibraryTest
{
    // Rows that are objects: MSTest cannot carry them from discovery to execution.
    [TestMethod]
    [DynamicData(nameof(Promotions))]
    public async Task A_member_moves_between_tiers(Promotion promotion)
    {
        var member = await Given.MemberAsync(promotion.From.Code);
        await Library.Members.ChangeTierAsync(member.Card, promotion.To.Code);
        await WaitAsync(60);
        Assert.AreEqual(promotion.To.Code, (await Library.Members.FindAsync(member.Card))?.Tier.Code);
    }

    public static IEnumerable<object[]> Promotions =>
    [
        [new Promotion(new Rank("child"), new Rank("student"), () => 12)],
        [new Promotion(new Rank("student"), new Rank("adult"), () => 25)],
        [new Promotion(new Rank("adult"), new Rank("senior"), () => 65)],
    ];

    [TestMethod]
    [DynamicData(nameof(Named))]
    public async Task Rows_can_have_names(string tier) => Assert.AreEqual(tier, (await Given.MemberAsync(tier)).Tier.Code);

    public static IEnumerable<TestDataRow<string>> Named =>
    [
        new("child") { DisplayName = "A tier" },
        new("adult") { DisplayName = "A tier" },
        new("senior") { DisplayName = "A tier (📚, \"quoted\", a&b|c!d=e~f, back\\slash)" },
        new("pirate") { DisplayName = "A tier at sea", IgnoreMessage = "There are no pirates here." },
    ];

    [TestMethod]
    public async Task A_blocked_member_keeps_the_tier()
    {
        var member = await Given.MemberAsync("senior");
        await Library.Members.BlockAsync(member.Card);
        var blocked = await Library.Members.FindAsync(member.Card);
        Assert.IsTrue(blocked!.Blocked);
        Assert.AreEqual("senior", blocked.Tier.Code);
    }

    public sealed class Rank(string code)
    {
        public string Code { get; } = code;
    }

    public sealed class Promotion(Rank from, Rank to, Func<int> age)
    {
        public Rank From { get; } = from;

        public Rank To { get; } = to;

        public Func<int> Age { get; } = age;

        public override string ToString() => "a promotion";
    }
}
