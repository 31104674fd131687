using JetBrains.Annotations;
using Nuke.Common;

namespace Nuke.ConcurrentTest;

/// <summary>Adds a target that divides the tests among machines: a first job of a pipeline writes <c>plan.json</c>, and each of the others
/// runs <see cref="IConcurrentTest.ConcurrentTest"/> with <c>--test-plan</c> and <c>--test-shard</c>.</summary>
[PublicAPI]
public interface IConcurrentTestPlan : IConcurrentTest
{
    /// <summary>Discovers the tests once and writes which machine runs which classes.</summary>
    Target ConcurrentTestPlan => _ => _
        .Description("Divides the tests among machines and writes the plan that each of them takes")
        .Executes(() => ObservedRun.DoAsync(this, (run, settings) => run.PlanAsync(settings)));
}
