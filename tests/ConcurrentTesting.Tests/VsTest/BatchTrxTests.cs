using System.Xml.Linq;
using ConcurrentTesting.VsTest;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using Shouldly;
using Xunit;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>The TRX of a batch is what the SDK's own logger writes of the same events, but for ids and moments of its own.</summary>
public sealed class BatchTrxTests : IAsyncLifetime
{
    private static readonly (string Element, string Attribute)[] OfOwn =
    [
        ("TestRun", "id"), ("TestRun", "name"), ("Times", "creation"), ("Times", "queuing"), ("Times", "start"), ("Times", "finish"), ("TestSettings", "id"),
        ("Deployment", "runDeploymentRoot"), ("RunInfo", "timestamp"),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("trx-").FullName;
    private VsTestLocation _location = null!;

    public async ValueTask InitializeAsync() => _location = await VsTestLocation.FindAsync(Repository.Root, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(MessageReaderTests.Recordings), MemberType = typeof(MessageReaderTests))]
    public void Results_of_a_real_host_are_written_as_the_logger_writes_them(string recording)
    {
        var platform = JsonDataSerializer.Instance;
        var told = new List<object>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "VsTest", "Assets", recording)))
        {
            var message = platform.DeserializeMessage(line);
            if (message.MessageType == MessageType.TestMessage)
                told.Add(platform.DeserializePayload<TestMessagePayload>(message)!);
            else if (message.MessageType == MessageType.TestRunStatsChange)
                told.AddRange(platform.DeserializePayload<TestRunChangedEventArgs>(message)!.NewTestResults ?? []);
        }

        told.OfType<TestResult>().Count().ShouldBeGreaterThan(10);
        told.RemoveAll(item => item is TestResult result && !new BatchTrx("").Add(result));
        told.OfType<TestResult>().Count().ShouldBeGreaterThan(5);
        Written(told).ShouldBe(ByLogger(told));
    }

    [Fact]
    public void Made_results_are_written_as_the_logger_writes_them()
    {
        var message = Gen.Select(Gen.Enum<TestMessageLevel>(), PlatformGen.Texts).Select(said => (object)new TestMessagePayload { MessageLevel = said.Item1, Message = said.Item2 });
        var result = Gen.Select(PlatformGen.Result, Traits).Select((made, traits) =>
        {
            foreach (var (name, value) in traits)
                made.TestCase.Traits.Add(new Trait(name, value));
            return (object)made;
        });

        Gen.OneOf(result, message).Array[0, 12].Sample(made =>
        {
            var told = made.Where(item => item is not TestResult one || new BatchTrx("").Add(one)).ToList();
            Written(told).ShouldBe(ByLogger(told));
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void From_the_first_result_with_a_file_on_the_logger_writes_all()
    {
        var file = Path.Combine(_folder, "a.txt");
        File.WriteAllText(file, "content");
        var told = new List<object> { Passed("first"), new TestMessagePayload { MessageLevel = TestMessageLevel.Warning, Message = "careful" }, Passed("second"), Passed("third") };
        var set = new AttachmentSet(new Uri("executor://shop"), "files");
        set.Attachments.Add(new UriDataAttachment(new Uri(file), "a file"));
        ((TestResult)told[2]).Attachments.Add(set);

        var written = Written(told);

        written.ShouldBe(ByLogger(told));
        written.ShouldContain("<ResultFile path");
        Directory.GetFiles(_folder, "a.txt", SearchOption.AllDirectories).Length.ShouldBe(3);
    }

    [Fact]
    public void A_blank_message_costs_no_file()
    {
        var result = Passed("first");
        var log = TrxLog.Begin(_location, _folder, "ours.trx", NullLogger.Instance);
        log.Add(result);
        log.Add(TestMessageLevel.Warning, " ");
        log.End(Over());

        Comparable("ours.trx").ShouldBe(ByLogger([result]));
    }

    [Fact]
    public void Rows_that_stand_in_the_row_of_their_method_are_written_by_the_logger()
    {
        var (method, row) = (Passed("method"), Passed("row"));
        var id = Guid.NewGuid();
        method.SetPropertyValue(TestProperty.Register("ExecutionId", "ExecutionId", typeof(Guid), typeof(TestResult)), id);
        row.SetPropertyValue(TestProperty.Register("ParentExecId", "ParentExecId", typeof(Guid), typeof(TestResult)), id);

        var written = Written([method, row]);

        written.ShouldBe(ByLogger([method, row]));
        written.ShouldContain("<InnerResults>");
    }

    private static readonly Gen<(string, string)[]> Traits = Gen.Select(
        PlatformGen.OneOf("Priority", "Owner", "Category"), PlatformGen.OneOf("1", "2147483647", "x", "", "Ana \U0001F600")).Array[0, 3];

    private static TestResult Passed(string name) =>
        new(new TestCase("Shop.Tests." + name, new Uri("executor://shop"), "/shop/Shop.dll")) { Outcome = TestOutcome.Passed };

    private string Written(IEnumerable<object> told)
    {
        var log = TrxLog.Begin(_location, _folder, "ours.trx", NullLogger.Instance);
        Tell(told, log.Add, log.Add);
        log.End(Over());
        return Comparable("ours.trx");
    }

    private string ByLogger(IEnumerable<object> told)
    {
        var logger = new SdkTrxLogger(_location, _folder, "theirs.trx");
        Tell(told, logger.Add, logger.Add);
        logger.End(Over());
        return Comparable("theirs.trx");
    }

    private static void Tell(IEnumerable<object> told, Action<TestResult> result, Action<TestMessageLevel, string> message)
    {
        foreach (var item in told)
        {
            if (item is TestResult one)
                result(one);
            else if (item is TestMessagePayload said && !string.IsNullOrWhiteSpace(said.Message))
                message(said.MessageLevel, said.Message ?? "");
        }
    }

    private static TestRunCompleteEventArgs Over() => new(null, isCanceled: false, isAborted: false, null, [], null, TimeSpan.Zero);

    // The logger's order is that of a hash table; a result's id is its own in each, and has to be the same in all that belongs to it.
    private string Comparable(string file)
    {
        var root = XDocument.Load(Path.Combine(_folder, file), LoadOptions.PreserveWhitespace).Root!;
        var ids = new Dictionary<string, string>();
        foreach (var row in root.Descendants().Where(element => element.Name.LocalName == "UnitTestResult"))
            ids[(string)row.Attribute("executionId")!] = $"run of {(string?)row.Attribute("testId")} {(string?)row.Attribute("testName")} {(string?)row.Attribute("startTime")}";
        foreach (var attribute in root.DescendantsAndSelf().Attributes())
        {
            if (ids.TryGetValue(attribute.Value, out var stable))
                attribute.Value = stable;
            else if (OfOwn.Contains((attribute.Parent!.Name.LocalName, attribute.Name.LocalName)))
                attribute.Value = "its own";
        }

        foreach (var empty in root.Descendants().Where(element => !element.HasElements && element.Value.Length == 0))
            empty.RemoveNodes();
        foreach (var list in root.Descendants().Where(element => element.Name.LocalName is "Results" or "TestDefinitions" or "TestEntries" or "TestCategory"))
            list.ReplaceNodes(list.Elements().OrderBy(element => element.ToString(SaveOptions.DisableFormatting), StringComparer.Ordinal).ToArray());
        return root.ToString(SaveOptions.DisableFormatting);
    }
}
