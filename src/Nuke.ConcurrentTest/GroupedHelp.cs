using ConcurrentTesting.Settings;
using Nuke.Common;

namespace Nuke.ConcurrentTest;

/// <summary>The component's parameters in groups, after NUKE's own help. A component has no part in that help, but its targets are
/// collected before, and NUKE ends the process with it.</summary>
internal static class GroupedHelp
{
    private static bool _isOffered;

    /// <summary>Once a process, though a build may have more targets that inherit this one.</summary>
    public static ITargetDefinition Offer(IConcurrentTest build, ITargetDefinition definition)
    {
        if (!_isOffered)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Print(build);
        _isOffered = true;
        return definition;
    }

    // Without a target to run NUKE shows its help unasked. There is no plan where it cannot be made, and then no help either.
    private static void Print(IConcurrentTest build)
    {
        if (build.ExecutionPlan is { } plan && (build.Help || plan.Count == 0))
            LastLines.Write(["Parameters of ConcurrentTest:", string.Empty, ConcurrentTestParameters.Explain()]);
    }
}
