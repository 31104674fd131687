namespace ConcurrentTesting;

/// <summary>Something the user can mend: the message names the thing, its value and the remedy. It is not thrown for defects of this
/// library.</summary>
public sealed class ConcurrentTestException : Exception
{
    /// <summary>Creates the exception with the exit code that the run ends with.</summary>
    public ConcurrentTestException(ConcurrentTestExitCode exitCode, string message, Exception? innerException = null)
        : base(message, innerException) => ExitCode = exitCode;

    /// <summary>The exit code that the run ends with.</summary>
    public ConcurrentTestExitCode ExitCode { get; }
}
