using ConcurrentTesting.Run;
using ConcurrentTesting.Run.Merging;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting;

/// <summary>Runs the tests of a project on several workers at once, each with databases of its own.</summary>
public sealed class ConcurrentTestRun
{
    private ConcurrentTestRun()
    {
    }

    /// <summary>
    /// Discovers all tests and divides them among machines: writes the plan that each of them takes as
    /// <see cref="ConcurrentTestSettings.PlanFile"/>, and what the CI host needs to start as many. Runs nothing.
    /// </summary>
    /// <param name="settings">Validated settings, the same as those of the machines.</param>
    /// <param name="logger">Receives what the user is to see.</param>
    /// <param name="cancellationToken">Ends the discovery.</param>
    /// <returns>Success where the plan was written.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused, or a setting is wrong; nothing was started.</exception>
    public static Task<ConcurrentTestResult> PlanAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        RunAsync(settings with { List = true, MakesPlan = true }, logger, cancellationToken);

    /// <summary>
    /// Makes one run out of the parts that several machines ran: artifacts, durations for the next run, and the verdict, which is
    /// <see cref="ConcurrentTestExitCode.Incomplete"/> unless all parts of one plan are there, each complete, with every test as often as
    /// it was discovered.
    /// </summary>
    /// <param name="settings">Validated settings; <see cref="ConcurrentTestSettings.MergeFolders"/> names the parts.</param>
    /// <param name="logger">Receives what the user is to see.</param>
    /// <param name="cancellationToken">Ends the merge.</param>
    /// <returns>The verdict on all parts.</returns>
    /// <exception cref="ConcurrentTestException">
    /// No folder is given, or the results directory is one of them or cannot be written.
    /// </exception>
    public static Task<ConcurrentTestResult> MergeAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        PartMerge.RunAsync(settings, logger, cancellationToken);

    /// <summary>Runs the tests that the settings name and writes all artifacts, whatever happens.</summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="logger">Receives what the user is to see; <c>run.log</c> always has all of it.</param>
    /// <param name="cancellationToken">Ends the run: sessions are ended, databases dropped, artifacts written with what is known.</param>
    /// <returns>The verdict. Failing tests are a result, not an exception.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused the run or a setting is wrong; nothing was started.</exception>
    public static Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        TestRun.RunAsync(settings, logger, cancellationToken);
}
