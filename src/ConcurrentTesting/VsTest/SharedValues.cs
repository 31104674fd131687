using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>Test cases come from VSTest with texts of their own each, paths, class names, the adapter's address, and descriptions of their
/// properties besides. Of tens of thousands, those that are equal are held once.</summary>
internal sealed class SharedValues
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TestProperty> _properties = new(StringComparer.Ordinal);
    private readonly Dictionary<Uri, Uri> _addresses = [];

    /// <returns>The same case, made of shared values.</returns>
    public TestCase Share(TestCase test)
    {
        var shared = new TestCase(test.FullyQualifiedName, Shared(test.ExecutorUri), Shared(test.Source));
        foreach (var property in test.Properties)
            shared.SetPropertyValue(Shared(property), Shared(property, test.GetPropertyValue(property)));
        return shared;
    }

    // Only values that many cases have are shared; names and ids differ from case to case.
    private object? Shared(TestProperty property, object? value) => value switch
    {
        string text when property.Id.StartsWith("TestCase.Managed", StringComparison.Ordinal) || property == TestCaseProperties.CodeFilePath
            || property == TestCaseProperties.Source => Shared(text),
        string[] texts => Array.ConvertAll(texts, text => text is null ? null! : Shared(text)),
        Uri address => Shared(address),
        _ => value,
    };

    private TestProperty Shared(TestProperty property) => Once(_properties, property.Id, property);

    private string Shared(string text) => Once(_texts, text, text);

    private Uri Shared(Uri address) => Once(_addresses, address, address);

    private static T Once<TKey, T>(Dictionary<TKey, T> known, TKey key, T value)
        where TKey : notnull =>
        known.TryAdd(key, value) ? value : known[key];
}
