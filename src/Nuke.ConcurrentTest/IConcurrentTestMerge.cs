using JetBrains.Annotations;
using Nuke.Common;

namespace Nuke.ConcurrentTest;

/// <summary>Adds a target that makes one run out of the parts of several machines: a last job of a pipeline, whose exit code is the
/// verdict. It is 2 unless all parts of one plan are there, each complete, with every test as often as it was discovered.</summary>
[PublicAPI]
public interface IConcurrentTestMerge : IConcurrentTest
{
    /// <summary>Merges the results folders of <c>--test-merge</c>, or the run that <c>--test-queue</c> has, into
    /// <see cref="IConcurrentTest.ConcurrentTestResultsDirectory"/>.</summary>
    Target ConcurrentTestMerge => _ => _
        .Description("Makes one run's results and verdict out of the parts of several machines")
        .Produces(ConcurrentTestResultsDirectory / "**" / "*")
        .Executes(() => ObservedRun.DoAsync(this, async (run, settings) =>
        {
            await run.MergeAsync(settings);
            await run.HandOverAsync();
        }));
}
