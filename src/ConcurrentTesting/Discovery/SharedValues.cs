using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Discovery;

/// <summary>
/// Test cases come from VSTest with texts of their own each: paths, class names, the adapter's address. Of tens of thousands, those that are equal are held once.
/// </summary>
internal sealed class SharedValues
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<Uri, Uri> _addresses = [];

    public void Share(TestCase test)
    {
        test.Source = Shared(test.Source);
        test.CodeFilePath = test.CodeFilePath is { } file ? Shared(file) : null;
        test.ExecutorUri = Shared(test.ExecutorUri);
        foreach (var property in test.Properties)
            Share(test, property);
    }

    private void Share(TestCase test, TestProperty property)
    {
        switch (test.GetPropertyValue(property))
        {
            // Names and ids differ from case to case.
            case string text when property.Id.StartsWith("TestCase.Managed", StringComparison.Ordinal):
                test.SetPropertyValue(property, Shared(text));
                break;
            case string[] texts:
                for (var index = 0; index < texts.Length; index++)
                    texts[index] = texts[index] is { } entry ? Shared(entry) : null!;
                break;
        }
    }

    private string Shared(string text)
    {
        if (_texts.TryGetValue(text, out var known))
            return known;
        _texts.Add(text, text);
        return text;
    }

    private Uri Shared(Uri address)
    {
        if (_addresses.TryGetValue(address, out var known))
            return known;
        _addresses.Add(address, address);
        return address;
    }
}
