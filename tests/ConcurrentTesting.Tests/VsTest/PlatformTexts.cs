using System.Collections;
using System.Globalization;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>All that the platform's objects hold, with the types of its values, as text to compare.</summary>
internal static class PlatformTexts
{
    // What would run a test again is of no use in its result.
    private const string ToRun = "XunitTestCaseSerialization";

    public static string Of(TestRunChangedEventArgs change) => string.Join(
        '\n',
        [
            $"executed {change.TestRunStatistics?.ExecutedTests} {Stats(change.TestRunStatistics)}",
            .. change.NewTestResults?.Select(Of) ?? ["no results"],
            .. change.ActiveTests?.Select(test => "active " + Of(test, isToRun: false)) ?? ["nothing active"],
        ]);

    public static string Of(IEnumerable<TestCase> tests) => string.Join('\n', tests.Select(test => Of(test, isToRun: true)));

    private static string Of(TestResult result) => string.Join(
        '|',
        [
            Of(result.TestCase, isToRun: false), result.Outcome.ToString(), Value(result.ErrorMessage), Value(result.ErrorStackTrace), Value(result.DisplayName),
            Value(result.ComputerName), Value(result.Duration), Value(result.StartTime), Value(result.EndTime),
            .. result.Messages.Select(message => $"{Value(message.Category)}: {Value(message.Text)}"),
            .. result.Attachments.Select(set => $"{set.Uri} {set.DisplayName} {string.Join(',', set.Attachments.Select(file => file.Uri))}"),
            .. Properties(result, isToRun: false),
        ]);

    private static string Of(TestCase test, bool isToRun) => string.Join(
        '|',
        [
            Value(test.Id), Value(test.FullyQualifiedName), Value(test.DisplayName), Value(test.ExecutorUri), Value(test.Source), Value(test.CodeFilePath), Value(test.LineNumber),
            .. test.Traits.Select(trait => $"{Value(trait.Name)}={Value(trait.Value)}"), .. Properties(test, isToRun),
        ]);

    private static IEnumerable<string> Properties(TestObject of, bool isToRun) => of.GetProperties()
        .Where(property => isToRun || property.Key.Id != ToRun)
        .Select(property => $"{Of(property.Key)} = {Value(property.Value)}")
        .Order(StringComparer.Ordinal);

    private static string Of(TestProperty property) =>
        $"{property.Id}, {property.Label}, {property.Category}, {property.Description}, {property.Attributes}, {property.ValueType}, {property.GetValueType()}, {property.ValidateValueCallback is null}";

    private static string Stats(ITestRunStatistics? statistics) =>
        statistics is TestRunStatistics { Stats: { } stats } ? string.Join(',', stats.OrderBy(pair => pair.Key)) : "none";

    private static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        IEnumerable items => $"{value.GetType()}[{string.Join(';', items.Cast<object?>().Select(Value))}]",
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        IFormattable number => $"{value.GetType()} {number.ToString(null, CultureInfo.InvariantCulture)}",
        _ => $"{value.GetType()} {value}",
    };
}
