using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using TestOutcome = ConcurrentTesting.Record.TestOutcome;
using VsOutcome = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestOutcome;

namespace ConcurrentTesting.VsTest;

/// <summary>Reads what VSTest tells of tests.</summary>
internal static class ResultReader
{
    public static ToldTest Told(TestCase test, TestFramework framework) => new(
        test.Id,
        test.FullyQualifiedName,
        test.DisplayName,
        TestCaseNames.ClassOf(test, framework),
        TestCaseNames.MethodOf(test, framework),
        TestCaseNames.IsMethodKnown(test, framework))
    {
        IsExplicit = TestCaseNames.IsExplicit(test),
    };

    public static HostResult Read(TestResult result, TestFramework framework) => new()
    {
        Test = Told(result.TestCase, framework),
        DisplayName = string.IsNullOrEmpty(result.DisplayName) || TestNames.IsUnknown(result.DisplayName)
            ? result.TestCase.DisplayName
            : result.DisplayName,
        Outcome = Outcome(result.Outcome),
        StartedAt = result.StartTime,
        Duration = result.Duration,
        Message = result.ErrorMessage,
        StackTrace = result.ErrorStackTrace,
        StandardOutput = Output(result, TestResultMessage.StandardOutCategory),
        StandardError = Output(result, TestResultMessage.StandardErrorCategory),
        Traits = [.. result.TestCase.Traits.Select(trait => KeyValuePair.Create(trait.Name, trait.Value))],
        Attachments = [.. result.Attachments.SelectMany(set => set.Attachments).Select(file => PathOf(file.Uri, result.TestCase.Source))],
    };

    // Adapters say None of a test that was asked for and not executed, such as an explicit or inconclusive one. A plain run counts it as
    // not executed.
    private static TestOutcome Outcome(VsOutcome outcome) => outcome switch
    {
        VsOutcome.Passed => TestOutcome.Passed,
        VsOutcome.Skipped or VsOutcome.None => TestOutcome.Skipped,
        VsOutcome.NotFound => TestOutcome.Error,
        _ => TestOutcome.Failed,
    };

    // MSTest tells some files relative to the folder in which the tests ran.
    private static string PathOf(Uri file, string source) =>
        file is { IsAbsoluteUri: true, IsFile: true }
            ? file.LocalPath
            : Path.GetFullPath(file.OriginalString, Path.GetDirectoryName(source) ?? "/");

    private static string? Output(TestResult result, string category)
    {
        var texts = result.Messages.Where(message => message.Category == category && !string.IsNullOrEmpty(message.Text))
            .Select(message => message.Text).ToArray();
        return texts.Length == 0 ? null : string.Concat(texts);
    }
}
