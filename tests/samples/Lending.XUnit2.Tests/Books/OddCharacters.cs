namespace Lending.XUnit2.Tests.Books;

/// <summary>Texts that have broken software before.</summary>
public static class OddCharacters
{
    public static TheoryData<string> All() =>
    [
        "Plain",
        "Quote \" and 'apostrophe'",
        "Comma, comma,, and (parenthesis) [bracket] {brace}",
        "Dots... and.names.like.Namespace.Class.Method",
        "a&b|c!d=e~f",
        "FullyQualifiedName=Some.Test(\"x\")",
        @"C:\books\new\table\",
        "Line\nbreak",
        "Carriage\rreturn",
        "Tab\tulator",
        "Bell\aescape\u001b[31m",
        "Percent % underscore _ and bang !",
        "100 % \"sure\" <b>&amp;</b> ]]>",
        "Emoji 📚🐛👩🏽‍🚀 and flag 🇺🇳",
        "שלום ספרים",
        "كتاب العربية",
        "mixed עברית left \u202eright",
        "中文書名",
        "Zero\u200bwidth\ufeffmarks",
        "Ǆ ﬁ ß İ ı",
        "{0} {1:N} %s %d $HOME `id`",
        "'); DROP TABLE books; --",
    ];
}
