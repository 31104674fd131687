using System.Xml.Linq;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>What VSTest's files say about their runs as a whole, gathered.</summary>
internal sealed class TrxSummary
{
    private readonly StringBuilder _stdOut = new();

    public List<XElement> RunInfos { get; } = [];

    /// <summary>Paths below <c>In</c> of the deployment root.</summary>
    public List<string> Files { get; } = [];

    public List<XElement> Collectors { get; } = [];

    public string? StdOut => _stdOut.Length == 0 ? null : _stdOut.ToString();

    public void AddStdOut(string text) => _stdOut.Append(TextCap.Apply(text, TextCap.Message).TrimEnd()).Append('\n');
}
