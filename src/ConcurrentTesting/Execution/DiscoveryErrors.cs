using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Errors that adapters told while they discovered an assembly in which they found tests. Other tests may be missing, so <c>dotnet
/// test</c> is red; a run asks only for the tests that it knows, and would not hear of these errors again.</summary>
internal static class DiscoveryErrors
{
    /// <param name="messages">All that was said.</param>
    public static void Record(RunContext run, TestAssembly assembly, IEnumerable<SessionMessage> messages)
    {
        var errors = new AdapterErrors(assembly.Name);
        foreach (var message in messages)
            errors.Add(message.Level, message.Text);
        foreach (var error in errors.All)
            run.Recorder.Add(FailureOf(error, run, assembly), []);
    }

    private static OutsideFailure FailureOf(AdapterError error, RunContext run, TestAssembly assembly) => new()
    {
        Kind = OutsideKinds.Error,
        Name = OutsideRecorder.NameOfError(assembly),
        Assembly = assembly,
        Workers = [],
        At = run.Time.GetUtcNow(),
        Message = TextCap.Apply(run.Secrets.Redact(error.Message), TextCap.Message),
        StackTrace = error.StackTrace is { } stack ? TextCap.Apply(run.Secrets.Redact(stack), TextCap.Message) : null,
    };
}
