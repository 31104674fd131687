namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>What differs between the kinds of throwaway servers.</summary>
internal interface IServerProduct
{
    /// <summary><c>postgresql</c>, <c>mariadb</c>, <c>mysql</c>.</summary>
    string Name { get; }

    /// <summary>What the ready data directory depends on: version, options of its making.</summary>
    ImmutableArray<string> Facts { get; }

    /// <summary>The signal that stops a server in good order.</summary>
    string StopSignal { get; }

    /// <summary>The signal that ends a server, and all processes of its, at once.</summary>
    string KillSignal { get; }

    /// <summary>Makes a data directory that a server can start from.</summary>
    Task InitializeAsync(string dataDirectory, ServerAccount account, CancellationToken cancellationToken);

    /// <summary>How a server is started on this data directory, reachable from this machine alone. Files that it needs are written beside
    /// the directory.</summary>
    ServerLaunch Launch(string dataDirectory, string socketDirectory, bool isInMemory);

    /// <summary>What a person starts to look at kept data: on a socket, and without anything secret.</summary>
    ImmutableArray<string> KeptCommandLine(string dataDirectory, string socketDirectory);

    /// <summary>Whether the server says by now that it takes connections.</summary>
    Task<bool> IsReadyAsync(string dataDirectory, string socketDirectory, CancellationToken cancellationToken);
}

/// <summary>One start of a throwaway server.</summary>
/// <param name="CommandLine">The program and its arguments; nothing secret.</param>
/// <param name="ConnectionString">The administrator's, without a database.</param>
internal sealed record ServerLaunch(ImmutableArray<string> CommandLine, string ConnectionString)
{
    /// <summary>What is left to do once the server takes connections; null: nothing.</summary>
    public Func<CancellationToken, Task>? AfterStartAsync { get; init; }

    /// <summary>Leaves out the connection string, which may hold a password.</summary>
    public override string ToString() => string.Join(' ', CommandLine);
}
