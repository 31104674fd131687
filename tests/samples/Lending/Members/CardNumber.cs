namespace Lending;

/// <summary>The number on a member's card. Its last digit is a check digit (Luhn, ISO/IEC 7812-1, annex B).</summary>
public static class CardNumber
{
    public const int Length = 10;

    public static bool IsValid(string? card) =>
        card is { Length: Length } && card.All(char.IsAsciiDigit) && CheckDigit(card[..^1]) == card[^1];

    public static string FromNumber(long number)
    {
        var digits = number.ToString("D9", System.Globalization.CultureInfo.InvariantCulture);
        return digits + CheckDigit(digits);
    }

    private static char CheckDigit(string digits)
    {
        var sum = digits.Reverse().Select((digit, index) => index % 2 == 0 ? Doubled(digit - '0') : digit - '0').Sum();
        return (char)('0' + (10 - sum % 10) % 10);
    }

    private static int Doubled(int digit) => digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
}
