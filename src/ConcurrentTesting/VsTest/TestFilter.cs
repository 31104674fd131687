using System.Collections.Concurrent;
using Microsoft.VisualStudio.TestPlatform.Common.Filtering;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>A filter in VSTest's syntax, applied to discovered tests. It selects what <c>dotnet test --filter</c> selects, which each
/// adapter decides in its own way; not every version of every adapter applies a filter at discovery, so that this is done here, for all of
/// them.</summary>
/// <remarks>https://learn.microsoft.com/dotnet/core/testing/selective-unit-tests</remarks>
internal sealed partial class TestFilter
{
    private readonly FilterExpressionWrapper _expression;
    private readonly Lazy<FilterExpressionWrapper> _caseSensitiveExpression;
    private readonly ConcurrentDictionary<string, NUnitFixtures> _fixtures = new();

    private TestFilter(string text, FilterExpressionWrapper expression)
    {
        Text = text;
        _expression = expression;
        _caseSensitiveExpression = new Lazy<FilterExpressionWrapper>(() => new FilterExpressionWrapper(MarkCase(text)));
    }

    public string Text { get; }

    /// <summary>It asks for categories in the way that NUnit hands to its own engine.</summary>
    public bool IsNUnitCategoryFilter => CategoryCondition().IsMatch(Text);

    /// <summary>What VSTest's own parser finds wrong with a filter, in its words; null or empty: nothing.</summary>
    public static string? FlawOf(string filter) => new FilterExpressionWrapper(filter).ParseError;

    /// <summary>Reads a filter; null for none. Two hold together, as when <c>dotnet test</c> is given one beside the run settings'
    /// own.</summary>
    /// <exception cref="ConcurrentTestException">It is not in VSTest's syntax.</exception>
    public static TestFilter? Parse(string? filter, string? runSettingsFilter = null)
    {
        string[] given = [.. new[] { runSettingsFilter, filter }.OfType<string>().Where(text => !string.IsNullOrWhiteSpace(text))];
        if (given.Length == 0)
            return null;
        var text = given.Length == 1 ? given[0] : string.Join('&', given.Select(part => $"({part})"));
        var expression = new FilterExpressionWrapper(text);
        if (!string.IsNullOrEmpty(expression.ParseError))
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"The filter '{text}' does not parse: {expression.ParseError} Write conditions such as FullyQualifiedName~Orders, joined by & and |.");
        }

        return new TestFilter(text, expression);
    }

    public bool Selects(TestCase test, TestFramework framework) => framework switch
    {
        TestFramework.NUnit => _caseSensitiveExpression.Value.Evaluate(
            NUnitValues(test, _fixtures.GetOrAdd(test.Source, source => new NUnitFixtures(source)))),
        TestFramework.MSTest => _expression.Evaluate(property => MSTestValue(test, property)),
        _ => _expression.Evaluate(property => XUnitValue(test, property)),
    };

    private static object? XUnitValue(TestCase test, string property)
    {
        if (property.Equals("FullyQualifiedName", StringComparison.OrdinalIgnoreCase))
            return test.FullyQualifiedName;
        return property.Equals("DisplayName", StringComparison.OrdinalIgnoreCase)
            ? test.DisplayName
            : TraitValues(test, property, StringComparison.Ordinal);
    }

    private static object? MSTestValue(TestCase test, string property) => property.ToUpperInvariant() switch
    {
        "FULLYQUALIFIEDNAME" => test.FullyQualifiedName,
        "NAME" => test.DisplayName,
        "ID" => test.Id,
        "CLASSNAME" => TestCaseNames.Text(test, "MSTestDiscoverer.TestClassName"),
        "TESTCATEGORY" => TestCaseNames.Texts(test, "MSTestDiscoverer.TestCategory") is { Length: > 0 } categories ? categories : null,
        "PRIORITY" => TraitValues(test, "Priority", StringComparison.Ordinal),
        _ => TraitValues(test, property, StringComparison.OrdinalIgnoreCase)?[..1],
    };

    private static string[]? TraitValues(TestCase test, string name, StringComparison comparison) =>
        test.Traits.Where(trait => trait.Name.Equals(name, comparison)).Select(trait => trait.Value).ToArray() is { Length: > 0 } values
            ? values
            : null;

    // NUnit selects a test also when a suite around it matches: the parameterized method, the fixture, a namespace, the assembly. Upper and
    // lower case differ.
    private static Func<string, object?> NUnitValues(TestCase test, NUnitFixtures fixtures) => marked =>
    {
        var property = UnmarkCase(marked);
        IEnumerable<string> values = property switch
        {
            "FullyQualifiedName" => NUnitSuites(test, fixtures).Select(suite => suite.FullName).Prepend(test.FullyQualifiedName),
            "Name" => NUnitSuites(test, fixtures).Select(suite => suite.Name).Prepend(test.DisplayName),
            "TestCategory" or "Category" => TestCaseNames.Texts(test, "NUnit.TestCategory"),
            _ => TraitValues(test, property, StringComparison.Ordinal) ?? [],
        };
        return values.Select(MarkCase).ToArray() is { Length: > 0 } all ? all : null;
    };

    private static IEnumerable<(string FullName, string Name)> NUnitSuites(TestCase test, NUnitFixtures fixtures)
    {
        yield return (test.Source, Path.GetFileName(test.Source));
        var fixture = TestCaseNames.ClassOf(test, TestFramework.NUnit);
        var method = TestCaseNames.MethodOf(test, TestFramework.NUnit);
        yield return ($"{fixture}.{method}", method);

        var withoutArguments = fixture.IndexOf('(', StringComparison.Ordinal) is > 0 and var arguments ? fixture[..arguments] : fixture;
        var lastDot = withoutArguments.LastIndexOf('.');
        yield return (fixture, fixture[(lastDot + 1)..]);
        yield return (withoutArguments, withoutArguments[(lastDot + 1)..]);

        for (; lastDot > 0; lastDot = withoutArguments.LastIndexOf('.', lastDot - 1))
        {
            var space = withoutArguments[..lastDot];
            foreach (var suite in fixtures.SuitesOf(space))
                yield return (suite, space[(space.LastIndexOf('.') + 1)..]);
        }
    }

    // VSTest's expressions ignore case, so a mark before each letter, another one for capitals, keeps case apart.
    private const char SmallMark = '\u0001';
    private const char CapitalMark = '\u0002';

    private static string MarkCase(string text)
    {
        var marked = new StringBuilder(2 * text.Length);
        foreach (var character in text)
        {
            if (char.IsLetter(character))
                marked.Append(char.IsUpper(character) ? CapitalMark : SmallMark);
            marked.Append(character);
        }

        return marked.ToString();
    }

    private static string UnmarkCase(string marked) =>
        string.Concat(marked.Where(character => character is not (SmallMark or CapitalMark)));

    [GeneratedRegex(@"(^|[&|(]\s*)TestCategory\s*(=|!=|~|!~)")]
    private static partial Regex CategoryCondition();
}
