namespace ConcurrentTesting;

/// <summary>What starts the processes in which tests run.</summary>
public enum TestHostMode
{
    /// <summary>Tests run as with <see cref="Direct"/> where that is known to work, else as with <see cref="Console"/>.</summary>
    Auto,

    /// <summary>The run starts test hosts itself; each stays warm for the batches of its assembly (xunit 2, NUnit, MSTest). Assemblies that
    /// need what only vstest.console does (data collectors, other loggers, adapters in another folder) run as
    /// <see cref="Console"/>.</summary>
    Direct,

    /// <summary>One vstest.console a worker, which starts a test host for each batch.</summary>
    Console,
}
