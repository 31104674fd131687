using System.Globalization;
using System.Security;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Tests.Reports.Trx;

/// <summary>Small TRX files in VSTest's words, for cases that the real ones do not show.</summary>
internal static class TrxSnippet
{
    public static Guid ExecutionId(string name) => StableGuid.Of("execution of", name);

    /// <summary>The record of the test that <see cref="Row"/> writes.</summary>
    public static TestRecord Test(string name) => RecordedRun.Test(name) with { CaseId = StableGuid.Of(name) };

    public static string Row(string name, string outcome = "Passed", string? stdOut = null, string? testId = null, string[]? files = null)
    {
        var output = stdOut is null ? "" : $"<Output><StdOut>{SecurityElement.Escape(stdOut)}</StdOut></Output>";
        var attached = files is null ? "" : $"<ResultFiles>{string.Concat(files.Select(file => $"<ResultFile path=\"{file}\" />"))}</ResultFiles>";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <UnitTestResult executionId="{ExecutionId(name)}" testId="{StableGuid.Of(testId ?? name)}" testName="{SecurityElement.Escape(name)}" computerName="build-1" duration="00:00:00.0100000" startTime="{RecordedRun.Start.AddSeconds(1):O}" outcome="{outcome}" relativeResultsDirectory="{ExecutionId(name)}">{output}{attached}</UnitTestResult>
            """);
    }

    public static string File(string rows, string outcome, string? runError) =>
        $"""
        <?xml version="1.0" encoding="utf-8"?>
        <TestRun id="{Guid.Empty}" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
          <TestSettings name="default" id="{Guid.Empty}"><Deployment runDeploymentRoot="root" /></TestSettings>
          <Results>{rows}</Results>
          <ResultSummary outcome="{outcome}"><Counters total="0" />{(runError is null ? "" : $"<RunInfos><RunInfo computerName=\"build-1\" outcome=\"Error\"><Text>{runError}</Text></RunInfo></RunInfos>")}</ResultSummary>
        </TestRun>
        """;
}
