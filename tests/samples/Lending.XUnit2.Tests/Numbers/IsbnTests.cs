namespace Lending.XUnit2.Tests.Numbers;

public class IsbnTests
{
    [Theory]
    [InlineData("9780306406157")]
    [InlineData("978-0-306-40615-7")]
    [InlineData("978 0 306 40615 7")]
    [InlineData("979-8-88645-174-0")]
    [InlineData("-9-7-8-0-3-0-6-4-0-6-1-5-7-")]
    public void Thirteen_digits_are_read_whatever_stands_between_them(string text) =>
        Assert.True(Isbn.TryParse(text, out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("9780306406158")]
    [InlineData("978030640615")]
    [InlineData("97803064061577")]
    [InlineData("978030640615X")]
    [InlineData("٩٧٨٠٣٠٦٤٠٦١٥٧")]
    [InlineData("978\t0306406157")]
    [InlineData("978\u001b0306406157")]
    [InlineData("'; DROP TABLE books; --")]
    [InlineData("FullyQualifiedName~Isbn|Name!=x&(Priority=1)")]
    public void Anything_else_is_no_number(string? text) =>
        Assert.False(Isbn.TryParse(text, out _));

    [Fact]
    public void What_was_refused_is_named()
    {
        var refused = Assert.Throws<FormatException>(() => Isbn.Parse("12\u200f34"));
        Assert.Contains("12\u200f34", refused.Message, StringComparison.Ordinal);
    }

    public class OfTenDigits
    {
        [Theory]
        [InlineData("0-306-40615-2", "9780306406157")]
        [InlineData("080442957X", "9780804429573")]
        [InlineData("080442957x", "9780804429573")]
        [InlineData("0 19 853453 1", "9780198534532")]
        public void Become_thirteen(string ten, string thirteen) =>
            Assert.Equal(thirteen, Isbn.Parse(ten).Digits);

        [Theory]
        [InlineData("0306406153")]
        [InlineData("X306406152")]
        [InlineData("0804429571")]
        public void Have_a_check_digit_of_their_own(string ten) =>
            Assert.False(Isbn.TryParse(ten, out _));
    }
}
