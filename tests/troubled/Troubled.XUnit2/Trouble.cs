using System.Globalization;

namespace Troubled;

/// <summary>
/// Trouble on demand: a variable <c>TROUBLED_…</c> names the rows that make it, as <c>Rows07:3 Rows12:1</c>. What happens once happens once in a run.
/// </summary>
public static class Trouble
{
    /// <summary>Rows of each class.</summary>
    public static int RowCount => Number("TROUBLED_ROWS", 3);

    /// <summary>How long each row takes at least, in milliseconds.</summary>
    public static int Delay => Number("TROUBLED_DELAY", 0);

    public static bool IsAsked(string kind) => Environment.GetEnvironmentVariable($"TROUBLED_{kind}") is { Length: > 0 };

    public static bool IsAsked(string kind, string row) =>
        Environment.GetEnvironmentVariable($"TROUBLED_{kind}") is { Length: > 0 } rows && rows.Split(' ').Contains(row);

    /// <summary>Asked, and for the first time in this run: leaves the process's id in a file that says so.</summary>
    public static bool IsAskedOnce(string kind, string row)
    {
        if (!IsAsked(kind, row))
            return false;
        var run = Environment.GetEnvironmentVariable("CONCURRENT_TEST_RUN") ?? "alone";
        var mark = Path.Combine(Environment.GetEnvironmentVariable("TROUBLED_MARKS") ?? Path.GetTempPath(), $"troubled-{run}-{kind}-{row.Replace(':', '-')}");
        try
        {
            using var file = new StreamWriter(new FileStream(mark, FileMode.CreateNew));
            file.WriteLine(Environment.ProcessId);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}

/// <summary>By its name the engine knows that the infrastructure failed, not the test.</summary>
public sealed class ConcurrentTestInfrastructureException(string message) : Exception(message);
