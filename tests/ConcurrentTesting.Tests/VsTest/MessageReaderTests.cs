using System.Text;
using System.Xml.Linq;
using ConcurrentTesting.VsTest;
using CsCheck;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Shouldly;
using Xunit;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>
/// What is read of a test host's messages is what the platform reads of them, and what is not known is left to it. The recorded messages are those of real hosts.
/// </summary>
public sealed class MessageReaderTests
{
    private static readonly JsonDataSerializer Platform = JsonDataSerializer.Instance;

    private readonly MessageReader _reader = new();

    public static TheoryData<string> Recordings => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "VsTest", "Assets"), "*.jsonl").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Recorded_messages_of_a_real_host_are_read_as_the_platform_reads_them(string recording)
    {
        var isRead = Recorded(recording).ToLookup(IsReadAsByPlatform);

        isRead[true].Count().ShouldBeGreaterThan(10);
        isRead[false].Where(message => IsHot(message) && !IsUnusual(message)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("nunit.jsonl", "NUnit3TestAdapter", "NUnit Adapter ")]
    [InlineData("xunit2.jsonl", "xunit.runner.visualstudio", "xUnit.net VSTest Adapter v")]
    public void Recordings_are_of_the_adapters_that_are_in_use(string recording, string package, string words)
    {
        var packages = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var version = packages.Descendants("PackageVersion").Single(one => one.Attribute("Include")!.Value == package).Attribute("Version")!.Value;

        Recorded(recording).ShouldContain(message => message.Contains(words + version, StringComparison.Ordinal), "record them again with the adapter of now");
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_damaged_message_is_read_as_the_platform_reads_it_or_left_to_it(string recording)
    {
        var messages = Recorded(recording).Where(IsHot).ToArray();
        // The platform keeps the first type of a property for the whole process, and other tests read these messages too.
        foreach (var message in messages)
            KnowTypes(message);

        Gen.Select(PlatformGen.OneOf(messages), Damages).Sample((message, damage) =>
        {
            IsReadAsByPlatform(damage(message));
            return true;
        }, iter: 3_000, threads: 1);
    }

    [Fact]
    public void Made_messages_are_read_as_the_platform_reads_them()
    {
        var read = 0;

        PlatformGen.Change.Sample(change =>
        {
            read += IsReadAsByPlatform(Platform.SerializePayload(MessageType.TestRunStatsChange, change, MessageReader.Version)) ? 1 : 0;
            IsReadAsByPlatform(Platform.SerializePayload(MessageType.TestCasesFound, change.ActiveTests!, MessageReader.Version));
        }, iter: 2_000, threads: 1);

        read.ShouldBeGreaterThan(200);
    }

    [Theory]
    [InlineData("2026-11-30T02:20:54.7970324+00:00")]
    [InlineData("2026-11-30T02:20:54Z")]
    [InlineData("/Date(1198908717056)/")]
    public void A_text_that_the_platform_takes_for_a_time_is_left_to_it(string text)
    {
        var test = new TestCase("Shop.Tests.Row", new Uri("executor://shop"), "/shop/Shop.dll");
        test.SetPropertyValue(TestProperty.Register("Shop.Text", "Text", typeof(string), typeof(MessageReaderTests)), text);

        _reader.ReadFound(Bytes(Platform.SerializePayload(MessageType.TestCasesFound, new[] { test }, MessageReader.Version))).ShouldBeNull();
    }

    [Fact]
    public void A_message_of_another_version_of_the_protocol_is_left_to_the_platform()
    {
        var test = new TestCase("Shop.Tests.Row", new Uri("executor://shop"), "/shop/Shop.dll");

        _reader.ReadFound(Bytes(Platform.SerializePayload(MessageType.TestCasesFound, new[] { test }, MessageReader.Version))).ShouldHaveSingleItem();
        _reader.ReadFound(Bytes(Platform.SerializePayload(MessageType.TestCasesFound, new[] { test }, MessageReader.Version - 1))).ShouldBeNull();
    }

    [Fact]
    public void What_runs_a_test_is_read_of_a_found_test_and_left_out_of_a_result()
    {
        var toRun = TestProperty.Register("XunitTestCaseSerialization", "xUnit.net Test Case Serialization", typeof(string), typeof(MessageReaderTests));
        var test = new TestCase("Shop.Tests.Row", new Uri("executor://shop"), "/shop/Shop.dll");
        test.SetPropertyValue(toRun, "long");
        var change = new TestRunChangedEventArgs(new TestRunStatistics(0, new Dictionary<TestOutcome, long>()), [new TestResult(test)], [test]);

        var found = _reader.ReadFound(Bytes(Platform.SerializePayload(MessageType.TestCasesFound, new[] { test }, MessageReader.Version)));
        var told = _reader.ReadRunChange(Bytes(Platform.SerializePayload(MessageType.TestRunStatsChange, change, MessageReader.Version)));

        found.ShouldHaveSingleItem().GetPropertyValue(toRun).ShouldBe("long");
        told!.NewTestResults.ShouldHaveSingleItem().TestCase.GetPropertyValue(toRun).ShouldBeNull();
        told.ActiveTests.ShouldHaveSingleItem().GetPropertyValue(toRun).ShouldBeNull();
    }

    private static IEnumerable<string> Recorded(string recording) => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "VsTest", "Assets", recording));

    private static bool IsHot(string message) => message.Contains($"\"{MessageType.TestRunStatsChange}\"", StringComparison.Ordinal) || IsOfDiscovery(message);

    private static bool IsOfDiscovery(string message) => message.Contains($"\"{MessageType.TestCasesFound}\"", StringComparison.Ordinal);

    // Files, texts that look like times, and characters that are no text.
    private static bool IsUnusual(string message) =>
        !message.Contains("\"Attachments\":[]", StringComparison.Ordinal) || message.Contains("\"2026-11-30T", StringComparison.Ordinal) || message.Contains("\\u0001", StringComparison.Ordinal)
        || message.Contains('\uFFFE', StringComparison.Ordinal);

    // Fails where it is read as anything else.
    private bool IsReadAsByPlatform(string message)
    {
        var bytes = Bytes(message);
        if (_reader.ReadRunChange(bytes) is { } change)
        {
            PlatformTexts.Of(change).ShouldBe(PlatformTexts.Of(ByPlatform<TestRunChangedEventArgs>(bytes)));
            return true;
        }

        if (_reader.ReadFound(bytes) is not { } tests)
            return false;
        PlatformTexts.Of(tests).ShouldBe(PlatformTexts.Of(ByPlatform<IEnumerable<TestCase>>(bytes)));
        return true;
    }

    private static void KnowTypes(string message)
    {
        if (IsOfDiscovery(message))
            ByPlatform<IEnumerable<TestCase>>(Bytes(message));
        else
            ByPlatform<TestRunChangedEventArgs>(Bytes(message));
    }

    private static T ByPlatform<T>(byte[] bytes) => Platform.DeserializePayload<T>(Platform.DeserializeMessage(Encoding.UTF8.GetString(bytes)))!;

    private static byte[] Bytes(string message) => Encoding.UTF8.GetBytes(message);

    private static readonly Gen<Func<string, string>> Damages = Gen.OneOf(
        Gen.Double[0, 1].Select<double, Func<string, string>>(place => message => message[..(int)(place * message.Length)]),
        Gen.Select(Gen.Double[0, 0.999], PlatformGen.OneOf("", "\"", "}", "]", ",", "null", "0", "-", "1e3", "\\", "\\ud800", "\\u0000", " ", "{}", "[]", "é", "\u2028", "\U0001F600", "true"))
            .Select<(double, string), Func<string, string>>(pair => message => message.Insert((int)(pair.Item1 * message.Length), pair.Item2)),
        Gen.Select(Gen.Double[0, 0.999], Gen.Int[1, 40])
            .Select<(double, int), Func<string, string>>(pair => message => message.Remove((int)(pair.Item1 * message.Length), Math.Min(pair.Item2, message.Length - (int)(pair.Item1 * message.Length)))),
        Gen.Select(PlatformGen.OneOf("Id", "Value", "Key", "Label", "Attributes", "ValueType", "Outcome", "Duration", "StartTime", "Properties", "TestCase", "DisplayName", "Source", "Stats", "LineNumber"), PlatformGen.OneOf("id", "Idx", "Value2", "$ref", "$type"))
            .Select<(string, string), Func<string, string>>(pair => message => message.Replace($"\"{pair.Item1}\":", $"\"{pair.Item2}\":", StringComparison.Ordinal)),
        PlatformGen.OneOf(
            ("null", "\"\""), (":\"", ":null,\"x\":\""), ("00:00:00", "1.00:00:00"), ("+00:00", "Z"), ("+00:00", ""), ("+00:00", "-07:30"), ("T0", " 0"), ("\"Outcome\":1", "\"Outcome\":9"),
            ("\"Outcome\":1", "\"Outcome\":\"Passed\""), ("\"Passed\":1", "\"passed\":1"), ("System.String\"", "System.Int32\""), ("System.String[]", "System.Uri"), ("\"LineNumber\":", "\"LineNumber\":1."), ("\"Properties\":[", "\"Properties\":null,\"x\":["))
            .Select<(string, string), Func<string, string>>(pair => message => message.Replace(pair.Item1, pair.Item2, StringComparison.Ordinal)));
}
