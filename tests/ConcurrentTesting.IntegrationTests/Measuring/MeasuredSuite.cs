using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>What one batch of a suite below <c>tests/measured</c> came to.</summary>
internal sealed record MeasuredBatch(bool IsAborted, MeasuredRow[] Rows, Figures Fixtures, Figures NoTest, Figures Total, string[] NotMeasured);

internal sealed partial record MeasuredRow(string ClassName, string Name, string Outcome, Figures? Figures)
{
    /// <summary>Reads, writes and others as the row's own name says; null where it says nothing.</summary>
    public (long Reads, long Writes, long Others)? Expected
    {
        get
        {
            if (Outcome == "Skipped")
                return (0, 0, 0);
            var numbers = Numbers().Matches(Name).Select(match => long.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
            if (Name.StartsWith("Many", StringComparison.Ordinal))
                return (numbers[0] % 3, numbers[0] % 2, 0);
            return numbers.Length >= 3 ? (numbers[0], numbers[1], numbers[2]) : null;
        }
    }

    /// <summary>A framework may not tell of tests that it skips.</summary>
    public bool IsExact => Expected is not { } expected || Counted == expected || (Outcome == "Skipped" && Figures is null);

    public (long?, long?, long?) Counted => (Figures?.Reads, Figures?.Writes, Figures?.Others);

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}

internal sealed record Figures(
    long? Operations,
    long? Queries,
    long? Reads,
    long? Writes,
    long? Others,
    double? QuerySeconds,
    long? Rows,
    long? Transactions,
    long? Connections,
    long? ConnectionErrors,
    long? AllocatedBytes,
    long? PeakBytes,
    Repeated[]? Repeated,
    Slow[]? Slowest = null)
{
    /// <summary>Empty where it was left out.</summary>
    public Repeated[] Repeated { get; init; } = Repeated ?? [];

    /// <summary>Empty where it was left out.</summary>
    public Slow[] Slowest { get; init; } = Slowest ?? [];
}

internal sealed record Slow(double Seconds, string Text);

internal sealed record Repeated(long Count, string Text);

/// <summary>Runs a suite as the engine would, in a process of its own that can be killed.</summary>
internal sealed class MeasuredSuite : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly JsonSerializerOptions Format = new() { PropertyNameCaseInsensitive = true };

    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly List<string> _said = [];

    private MeasuredSuite(Process process, DirectoryInfo folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <summary>Lines that are no batch: <c>process 123 TestHost alive</c>.</summary>
    public IReadOnlyList<string> Said => _said;

    /// <param name="suite">A framework, or one in another version: <c>NUnit3</c>, <c>MSTest2</c>, <c>MSTest3</c>.</param>
    /// <param name="mode"><c>measure</c>, <c>watch</c> or <c>off</c>.</param>
    public static MeasuredSuite Start(string suite, string mode, int batches, params (string Name, string Value)[] environment)
    {
        var framework = suite is "NUnit3" or "MSTest2" or "MSTest3" ? suite[..^1] : suite;
        var start = new ProcessStartInfo("dotnet", [Output("Runner"), Output(suite), framework, mode, batches.ToString(System.Globalization.CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        // What a killed process leaves behind goes with the folder.
        var folder = Directory.CreateTempSubdirectory("measured-");
        start.Environment["TMPDIR"] = folder.FullName;
        return new MeasuredSuite(Process.Start(start)!, folder);
    }

    public static async Task<MeasuredBatch[]> RunAsync(string suite, string mode, int batches, CancellationToken cancellationToken, params (string Name, string Value)[] environment)
    {
        using var started = Start(suite, mode, batches, environment);
        return await started.FinishAsync(cancellationToken);
    }

    public async Task<MeasuredBatch[]> FinishAsync(CancellationToken cancellationToken)
    {
        var batches = new List<MeasuredBatch>();
        while (await LineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith('{'))
                batches.Add(JsonSerializer.Deserialize<MeasuredBatch>(line, Format)!);
            else
                _said.Add(line);
        }

        return [.. batches];
    }

    /// <summary>Waits for a line, and gives the process that it names.</summary>
    /// <param name="state">Null: any.</param>
    /// <param name="but">A process that is not meant.</param>
    public async Task<int> ProcessAsync(string role, string? state, CancellationToken cancellationToken, int but = 0)
    {
        while (await LineAsync(cancellationToken) is { } line)
        {
            _said.Add(line);
            if (line.Split(' ') is ["process", var id, var itsRole, var itsState] && itsRole == role && itsState == (state ?? itsState)
                && int.Parse(id, System.Globalization.CultureInfo.InvariantCulture) is var process && process != but)
            {
                return process;
            }
        }

        throw new InvalidOperationException($"no {role} was {state ?? "there"}; it said: {string.Join('\n', _said)}");
    }

    private Task<string?> LineAsync(CancellationToken cancellationToken) => _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken);

    /// <summary>SIGKILL, to the engine's process alone.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The assembly of a suite.</summary>
    public static string AssemblyOf(string suite) => Output(suite);

    private static string Output(string project)
    {
        // …/tests/ConcurrentTesting.IntegrationTests/bin/Debug/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var tests = output.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(tests, "measured", $"Measured.{project}", "bin", output.Parent.Name, output.Name, $"Measured.{project}.dll");
    }
}
