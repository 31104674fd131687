using CsCheck;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>Made objects of the platform, with the texts and values that are read wrongly most easily.</summary>
internal static class PlatformGen
{
    public static readonly Gen<string> Texts = Gen.OneOf(
        OneOf("", " ", "plain", "\"quoted\" \\ /", "ä„“\u00a0", "\U0001F600", "\ud800", "\udc00x", "\u2028\u2029\u0085", "\ufffe", "\0", "\u001b[31m", "\t\r\n", "<&>", "2026-11-30T02:20:54Z", "4dfe69aaf87061bb158740c7a9b003a7fa49c802", "/Date(1)/", "null", "[1]", new string('x', 100_000)),
        Gen.String);

    public static readonly Gen<(TestProperty Property, object Value)> Properties = Gen.OneOf(
        Texts.Select(text => (Registered("Text", typeof(string)), (object)text)),
        Gen.Bool.Select(flag => (Registered("Flag", typeof(bool)), (object)flag)),
        Gen.Int.Select(number => (Registered("Number", typeof(int)), (object)number)),
        Gen.Guid.Select(id => (Registered("Id", typeof(Guid)), (object)id)),
        Texts.Array[0, 4].Select(texts => (Registered("Texts", typeof(string[])), (object)texts)),
        Texts.Null().Array[0, 4].Select(texts => (Registered("Nulls", typeof(string[])), (object)texts)),
        Gen.Select(Texts, Texts).Array[0, 3].Select(pairs => (Registered("Pairs", typeof(KeyValuePair<string, string>[])), (object)Array.ConvertAll(pairs, pair => KeyValuePair.Create(pair.Item1, pair.Item2)))),
        Gen.TimeSpan.Select(span => (Registered("Span", typeof(TimeSpan)), (object)span)),
        Gen.Long.Select(number => (Registered("Long", typeof(long)), (object)number)),
        OneOf<object>(new Uri("https://example.org/a b")).Select(address => (Registered("Address", typeof(Uri)), address)));

    public static readonly Gen<TestCase> Case = Gen.Select(Texts, Texts, Gen.Guid, Gen.Int, Texts.Null(), Properties.Array[0, 4]).Select((name, display, id, line, file, properties) =>
    {
        var test = new TestCase("Shop.Tests." + name, new Uri("executor://shop/" + name.Length), "/shop/Shop.dll") { Id = id, DisplayName = display, LineNumber = line, CodeFilePath = file };
        foreach (var (property, value) in properties)
            test.SetPropertyValue(property, value);
        return test;
    });

    public static readonly Gen<TestResult> Result = Gen.Select(
        Case, Gen.Enum<TestOutcome>(), Texts.Null(), Texts.Null(), Gen.Select(Texts, Texts.Null()).Array[0, 3], Gen.TimeSpan, Gen.DateTimeOffset, Properties.Array[0, 2])
        .Select((test, outcome, message, display, messages, duration, time, properties) =>
        {
            var result = new TestResult(test) { Outcome = outcome, ErrorMessage = message, ErrorStackTrace = display, DisplayName = display, ComputerName = "here", Duration = duration, StartTime = time, EndTime = time };
            foreach (var (category, text) in messages)
                result.Messages.Add(new TestResultMessage(category, text));
            foreach (var (property, value) in properties)
                result.SetPropertyValue(property, value);
            return result;
        });

    public static readonly Gen<TestRunChangedEventArgs> Change = Gen.Select(Result.Array[0, 2], Case.Array[0, 2], Gen.Long[0, long.MaxValue])
        .Select((results, active, count) => new TestRunChangedEventArgs(
            new TestRunStatistics(count, new Dictionary<TestOutcome, long> { [TestOutcome.Passed] = count, [TestOutcome.NotFound] = 1 }), results, active));

    public static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static TestProperty Registered(string id, Type type) => TestProperty.Register("Shop." + id, id, type, typeof(PlatformGen));
}
