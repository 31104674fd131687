using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Run;
using ConcurrentTesting.Run.Merging;

namespace ConcurrentTesting;

/// <summary>Runs the tests of a project on several workers at once, each with databases of its own.</summary>
public sealed class ConcurrentTestRun
{
    private ConcurrentTestRun()
    {
    }

    /// <summary>Discovers all tests and divides them among machines: writes the plan that each of them takes as
    /// <see cref="ConcurrentTestSettings.PlanFile"/>, and what the CI host needs to start as many. Runs nothing.</summary>
    /// <param name="settings">Validated settings, the same as those of the machines.</param>
    /// <param name="logger">Receives what the user is to see.</param>
    /// <param name="cancellationToken">Ends the discovery.</param>
    /// <returns>Success where the plan was written.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused, or a setting is wrong; nothing was started.</exception>
    public static Task<ConcurrentTestResult> PlanAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        RunAsync(settings with { List = true, MakesPlan = true }, logger, cancellationToken);

    /// <summary>Makes one run out of the parts that several machines ran: artifacts, durations for the next run, and the verdict, which is
    /// <see cref="ConcurrentTestExitCode.Incomplete"/> unless all parts of one plan are there, each complete, with every test as often as
    /// it was discovered.</summary>
    /// <param name="settings">Validated settings; <see cref="ConcurrentTestSettings.MergeFolders"/> names the parts.</param>
    /// <param name="logger">Receives what the user is to see.</param>
    /// <param name="cancellationToken">Ends the merge.</param>
    /// <returns>The verdict on all parts.</returns>
    /// <exception cref="ConcurrentTestException">
    /// No folder is given, or the results directory is one of them or cannot be written.
    /// </exception>
    public static Task<ConcurrentTestResult> MergeAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        PartMerge.RunAsync(settings, logger, Environment.GetEnvironmentVariable, cancellationToken);

    /// <summary>Runs the tests that the settings name and writes all artifacts, whatever happens.</summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="logger">Receives what the user is to see; <c>run.log</c> always has all of it.</param>
    /// <param name="cancellationToken">Ends the run: sessions are ended, databases dropped, artifacts written with what is known.</param>
    /// <returns>The verdict. Failing tests are a result, not an exception.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused the run or a setting is wrong; nothing was started.</exception>
    public static Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        TestRun.RunAsync(settings, logger, cancellationToken);

    /// <summary>A file's address to print: where the process's terminal is known to open links, it is one.</summary>
    /// <param name="file">Its path.</param>
    public static string ToPrintedAddress(string file) =>
        ConsoleSurface.OfProcess().HasLinks ? TerminalLinks.To(file) : TerminalLinks.AddressOf(file);

    /// <summary>Lets a run that has ended well be judged by what its results came to, such as a budget. Where it was a part of several,
    /// what it left is complete only after that, and says what came of it, so that a merge of the parts is no success where the part is
    /// none.</summary>
    /// <param name="result">The run's result; one that is no success is judged too, and stays as it is.</param>
    /// <param name="judge">Gives what fails the run, in one line without secrets, which is written as it is; null: nothing.</param>
    /// <returns>The result, as <see cref="ConcurrentTestExitCode.TestsFailed"/> where something fails it.</returns>
    /// <exception cref="ConcurrentTestException">What the run left cannot be changed.</exception>
    public static async Task<ConcurrentTestResult> JudgeAsync(
        ConcurrentTestResult result, Func<ConcurrentTestResult, string?> judge)
    {
        var reason = result is { ExitCode: ConcurrentTestExitCode.Success, ResultsDirectory: { } directory }
            ? await ResultsDirectory.JudgeAsync(directory, () => judge(result))
            : judge(result);
        return reason is null || result.ExitCode != ConcurrentTestExitCode.Success
            ? result
            : result with
            {
                ExitCode = ConcurrentTestExitCode.TestsFailed,
                Reason = reason,
                ClosingLines = [reason, .. result.ClosingLines],
            };
    }

    /// <summary>The same on a machine that may be asked to leave a run of <see cref="ConcurrentTestSettings.Queue"/> to the others: it
    /// gives back what it has, and ends with <see cref="ConcurrentTestExitCode.Success"/> as long as others are there.</summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="logger">Receives what the user is to see.</param>
    /// <param name="leaving">Asks the machine to leave; a run that it does not share is cancelled.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>The verdict of the whole run.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused the run, a setting is wrong, or the queue cannot be used.</exception>
    public static async Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken leaving, CancellationToken cancellationToken)
    {
        if (settings.Queue is not null)
            return await RunAsync(settings with { Leaving = leaving }, logger, cancellationToken);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(leaving, cancellationToken);
        return await RunAsync(settings, logger, either.Token);
    }
}
