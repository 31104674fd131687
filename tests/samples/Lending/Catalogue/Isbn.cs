using System.Diagnostics.CodeAnalysis;

namespace Lending;

/// <summary>An International Standard Book Number, kept as its 13 digits (ISO 2108). Ten digits are read too; hyphens and spaces are ignored.</summary>
public readonly record struct Isbn
{
    private Isbn(string digits) => Digits = digits;

    public string Digits { get; }

    public static Isbn Parse(string text) =>
        TryParse(text, out var isbn) ? isbn : throw new FormatException($"'{text}' is not an ISBN.");

    public static bool TryParse([NotNullWhen(true)] string? text, out Isbn isbn)
    {
        isbn = default;
        var compact = text?.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal) ?? "";
        var digits = compact.Length switch
        {
            10 when IsTen(compact) => WithCheckDigit("978" + compact[..9]),
            13 when compact.All(char.IsAsciiDigit) && WithCheckDigit(compact[..12]) == compact => compact,
            _ => null,
        };
        if (digits is null)
            return false;
        isbn = new Isbn(digits);
        return true;
    }

    /// <summary>The number that begins with these twelve digits.</summary>
    public static Isbn FromTwelve(string digits) => new(WithCheckDigit(digits));

    public override string ToString() => Digits ?? "";

    private static string WithCheckDigit(string twelve)
    {
        var sum = twelve.Select((digit, index) => (digit - '0') * (index % 2 == 0 ? 1 : 3)).Sum();
        return twelve + (char)('0' + (10 - sum % 10) % 10);
    }

    private static bool IsTen(string text)
    {
        if (!text[..9].All(char.IsAsciiDigit) || !(char.IsAsciiDigit(text[9]) || text[9] is 'X' or 'x'))
            return false;
        var sum = text[..9].Select((digit, index) => (digit - '0') * (10 - index)).Sum();
        return (sum + (char.IsAsciiDigit(text[9]) ? text[9] - '0' : 10)) % 11 == 0;
    }
}
