namespace Lending.MSTest.Tests.Cards;

[TestClass]
public class CardNumberTests
{
    [TestMethod]
    [DataRow("1000000016", true)]
    [DataRow("1000000107", true)]
    [DataRow("1000000017", false)]
    [DataRow("1000000061", false, DisplayName = "Two digits swapped, \"1000000061\"")]
    [DataRow("", false)]
    [DataRow(null, false)]
    [DataRow("100000001", false)]
    [DataRow("10000000166", false)]
    [DataRow("100000001x", false)]
    [DataRow("１０００００００１６", false, DisplayName = "Wide digits １０００００００１６")]
    [DataRow("1000\n00016", false)]
    [DataRow("'; DROP TABLE members; --", false)]
    [DataRow("Name=x&(TestCategory!=y)|FullyQualifiedName~z", false)]
    public void The_last_digit_checks_the_others(string? card, bool valid) =>
        Assert.AreEqual(valid, CardNumber.IsValid(card));

    [TestMethod]
    [DataRow(0L, "0000000000")]
    [DataRow(1L, "0000000018")]
    [DataRow(100_000_001L, "1000000016")]
    [DataRow(999_999_999L, "9999999999")]
    public void A_card_is_a_number_and_its_digit(long number, string card)
    {
        Assert.AreEqual(card, CardNumber.FromNumber(number));
        Assert.IsTrue(CardNumber.IsValid(card));
    }

    // Rows that share a name, and a row that is written twice.
#pragma warning disable MSTEST0042, MSTEST0087
    [TestMethod]
    [DataRow(3L, DisplayName = "a card")]
    [DataRow(4L, DisplayName = "a card")]
    [DataRow(5L)]
    [DataRow(5L)]
#pragma warning restore MSTEST0042, MSTEST0087
    public void Any_number_makes_a_card(long number) => Assert.IsTrue(CardNumber.IsValid(CardNumber.FromNumber(number)));

    [TestClass]
    public class Misread
    {
        [TestMethod]
        [DynamicData(nameof(Positions))]
        public void One_wrong_digit_is_noticed(int position)
        {
            var card = CardNumber.FromNumber(123_456_789).ToCharArray();
            card[position] = card[position] == '9' ? '0' : (char)(card[position] + 1);
            Assert.IsFalse(CardNumber.IsValid(new string(card)));
        }

        public static IEnumerable<int> Positions => Enumerable.Range(0, CardNumber.Length);
    }
}
