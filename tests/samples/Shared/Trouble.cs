using System.Globalization;

namespace Lending.Tests;

/// <summary>
/// Trouble on demand. A variable <c>SAMPLE_…</c> asks for it: 1 in every framework, or the names of frameworks (<c>xunit2,xunit3,nunit,mstest</c>).
/// </summary>
public static class Trouble
{
    public const int ChattyBytes = 10 * 1024 * 1024;

    public static bool Fail(string framework) => IsAsked("SAMPLE_FAIL", framework);

    public static bool Crash(string framework) => IsAsked("SAMPLE_CRASH", framework);

    public static bool Hang(string framework) => IsAsked("SAMPLE_HANG", framework);

    public static bool Chatty(string framework) => IsAsked("SAMPLE_CHATTY", framework);

    /// <summary>A class fixture throws.</summary>
    public static bool ClassFixture(string framework) => IsAsked("SAMPLE_FIXTURE", framework);

    /// <summary>The widest fixture that the framework has throws: collection, assembly or namespace.</summary>
    public static bool WideFixture(string framework) => IsAsked("SAMPLE_WIDE_FIXTURE", framework);

    /// <summary>True the first time in a run, false in every later attempt.</summary>
    public static bool FlakesNow(string framework)
    {
        if (!IsAsked("SAMPLE_FLAKY", framework))
            return false;
        var run = Environment.GetEnvironmentVariable("CONCURRENT_TEST_RUN") is { Length: > 0 } id ? id : ParentProcess();
        var marker = Path.Combine(Path.GetTempPath(), $"lending-flaky-{framework}-net{Environment.Version.Major}-{run}");
        try
        {
            using (new FileStream(marker, FileMode.CreateNew))
                return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static IEnumerable<string> ChattyLines()
    {
        var line = new string('~', 1023);
        for (var count = 0; count < ChattyBytes / (line.Length + 1); count++)
            yield return line;
    }

    private static bool IsAsked(string variable, string framework) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
        && (value == "1" || value.Split(',', StringSplitOptions.TrimEntries).Contains(framework, StringComparer.OrdinalIgnoreCase));

    // Attempts of one run have the console that started them in common. Where it cannot be told, each process is a run of its own.
    private static string ParentProcess()
    {
        if (!OperatingSystem.IsLinux())
            return Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var stat = File.ReadAllText("/proc/self/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
    }
}
