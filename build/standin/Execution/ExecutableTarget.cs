using System.Diagnostics;
using System.Reflection;

namespace Nuke.Common.Execution;

/// <summary>A target of the build, found, defined and being executed.</summary>
public class ExecutableTarget
{
    public MemberInfo Member { get; set; }

    public string Name { get; set; }

    public string Description { get; set; }

    public bool Listed { get; set; }

    public Delegate Factory { get; set; }

    public bool AssuredAfterFailure { get; internal set; }

    public bool ProceedAfterFailure { get; internal set; }

    public List<Action> Actions { get; internal set; } = [];

    public List<ExecutableTarget> ExecutionDependencies { get; } = [];

    public List<ExecutableTarget> OrderDependencies { get; } = [];

    public List<string> ArtifactProducts { get; internal set; } = [];

    public TimeSpan Duration => Stopwatch.Elapsed;

    public bool IsDefault { get; set; }

    public ExecutionStatus Status { get; set; }

    public bool Invoked { get; set; }

    public Dictionary<string, string> SummaryInformation { get; internal set; } = [];

    internal Stopwatch Stopwatch { get; } = new();

    internal IReadOnlyList<(string Text, Func<bool> IsMet)> Conditions { get; set; } = [];
}
