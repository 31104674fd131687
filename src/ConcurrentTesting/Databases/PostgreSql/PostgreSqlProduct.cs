using System.Security.Cryptography;
using ConcurrentTesting.Databases.Throwaway;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>A PostgreSQL server of our own: where its programs are, and how it is set up for tests, whose data nobody will miss.</summary>
internal sealed class PostgreSqlProduct : IServerProduct
{
    private const string Superuser = "postgres";

    /// <summary>The port names the socket; the server does not listen on it.</summary>
    public const int Port = 5432;


    // This locale is the same on every machine; the user's own is not.
    private static readonly string[] InitArguments =
        ["--username="
            + Superuser, "--auth=trust", "--encoding=UTF8", OperatingSystem.IsLinux() ? "--locale=C.UTF-8" : "--locale=C", "--no-sync"];

    private readonly string _binaries;

    private readonly ServerListen _listen;

    private PostgreSqlProduct(string binaries, string version, ServerListen listen)
    {
        _binaries = binaries;
        _listen = listen;
        Version = version;
    }

    public string Name => "postgresql";

    /// <summary><c>15.18</c>.</summary>
    public string Version { get; }

    /// <summary>The facts include the descriptions of the extensions, which tell their versions: what one has made in a template works with
    /// its own library only.</summary>
    public ImmutableArray<string> Facts => [Version, .. InitArguments, .. PostgreSqlAdmin.SessionVariables, ExtensionsPrint()];

    /// <summary>A fast shutdown.</summary>
    public string StopSignal => "INT";

    /// <summary>An immediate shutdown: the server ends its children, and leaves nothing in shared memory.</summary>
    public string KillSignal => "QUIT";

    /// <exception cref="ConcurrentTestException">There are no programs of the server.</exception>
    public static async Task<PostgreSqlProduct> FindAsync(
        string? binaries, CancellationToken cancellationToken, ServerListen listen = ServerListen.Socket)
    {
        var folders = ServerBinaries.Versions("/usr/lib/postgresql", "bin")
            .Concat(["/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql/bin", "/usr/local/opt/postgresql/bin"])
            .Concat(ServerBinaries.Versions("/Library/PostgreSQL", "bin"))
            .Concat(ServerBinaries.Versions("/usr", "bin").Where(folder => folder.StartsWith("/usr/pgsql-", StringComparison.Ordinal)));
        var found = ServerBinaries.Find(binaries, folders, "postgres", "initdb")
            ?? throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                (binaries is null
                    ? "no PostgreSQL server is installed here"
                    : $"--test-server-binaries '{binaries}' has no postgres and initdb")
                + ": install one (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql), point --test-server-binaries at its bin folder, "
                + "or give a server with NUKE_TEST_CONNECTION_STRING");
        return new PostgreSqlProduct(found, await VersionAsync(found, cancellationToken), listen);
    }

    public Task InitializeAsync(string dataDirectory, ServerAccount account, CancellationToken cancellationToken) =>
        account.RunAsync(
            Path.Combine(_binaries, "initdb"), ["-D", dataDirectory, .. InitArguments], Path.GetDirectoryName(dataDirectory)!,
            cancellationToken);

    public ServerLaunch Launch(string dataDirectory, string socketDirectory, bool isInMemory) => _listen == ServerListen.Tcp
        ? LaunchOnLoopback(dataDirectory, socketDirectory, isInMemory)
        : new(CommandLine(dataDirectory, socketDirectory, isInMemory), OnSocket(socketDirectory, Port).ConnectionString);

    /// <summary>The socket belongs to the run's user alone and needs no password; everybody on this machine can reach the port, which needs
    /// one.</summary>
    private ServerLaunch LaunchOnLoopback(string dataDirectory, string socketDirectory, bool isInMemory)
    {
        var address = LoopbackAddress.New();
        var rules = Path.Combine(socketDirectory, "pg_hba.conf");
        File.WriteAllText(rules, $"""
            local all all trust
            host all all {LoopbackAddress.Host}/32 scram-sha-256

            """);
        ImmutableArray<string> command =
        [
            .. CommandLine(dataDirectory, socketDirectory, isInMemory),
            "-c", $"listen_addresses={LoopbackAddress.Host}",
            "-c", FormattableString.Invariant($"port={address.Port}"),
            "-c", $"hba_file={rules}",
        ];
        var connection =
            new NpgsqlConnectionStringBuilder
            {
                Host = LoopbackAddress.Host,
                Port = address.Port,
                Username = Superuser,
                Password = address.Password,
            };
        return new ServerLaunch(command, connection.ConnectionString) { AfterStartAsync = SetPasswordAsync };

        async Task SetPasswordAsync(CancellationToken cancellationToken)
        {
            var local = OnSocket(socketDirectory, address.Port);
            local.Pooling = false;
            await using var source = NpgsqlDataSource.Create(local);
            await using var command = source.CreateCommand(
                $"SET password_encryption = 'scram-sha-256'; ALTER ROLE {Superuser} PASSWORD '{address.Password}'");
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static NpgsqlConnectionStringBuilder OnSocket(string socketDirectory, int port) =>
        new() { Host = socketDirectory, Port = port, Username = Superuser };

    public ImmutableArray<string> KeptCommandLine(string dataDirectory, string socketDirectory) =>
        CommandLine(dataDirectory, socketDirectory, isInMemory: false);

    /// <summary>The eighth line of the server's own file, as pg_ctl reads it.</summary>
    public Task<bool> IsReadyAsync(string dataDirectory, string socketDirectory, CancellationToken cancellationToken)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(dataDirectory, "postmaster.pid"));
            return Task.FromResult(lines.Length > 7 && lines[7].Trim() == "ready");
        }
        catch (IOException)
        {
            return Task.FromResult(false);
        }
    }

    private ImmutableArray<string> CommandLine(string dataDirectory, string socketDirectory, bool isInMemory) =>
    [
        Path.Combine(_binaries, "postgres"),
        "-D", dataDirectory,
        "-k", socketDirectory,
        "-c", "listen_addresses=",
        "-c", "unix_socket_permissions=0700",
        "-c", "fsync=off",
        "-c", "synchronous_commit=off",
        "-c", "full_page_writes=off",
        "-c", "wal_level=minimal",
        "-c", "max_wal_senders=0",
        "-c", $"max_wal_size={(isInMemory ? "1GB" : "4GB")}",
        "-c", "jit=off",
        "-c", "max_connections=500",
        // The shared memory is a file in the data directory, because in /dev/shm a killed server would leave it behind.
        "-c", "dynamic_shared_memory_type=mmap",
        "-c", "logging_collector=off",
        // A file system that shares blocks copies a template at once. No file system in memory shares them.
        .. isInMemory || !CanShareBlocks ? ImmutableArray<string>.Empty : ["-c", "file_copy_method=clone"],
    ];

    private string ExtensionsPrint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in ExtensionFolders().Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*.control"))
            .Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Packages of operating systems use these layouts. pg_config would tell, but is not always installed.
    private IEnumerable<string> ExtensionFolders()
    {
        var root = Path.GetDirectoryName(_binaries)!;
        var major = Version.Split('.', 'b', 'r', 'd')[0];
        return
        [
            Path.Combine(root, "share", "extension"), Path.Combine(root, "share", "postgresql", "extension"),
            Path.Combine(root, "share", "pgsql", "extension"), Path.Combine(root, "share", $"postgresql@{major}", "extension"),
            $"/usr/share/postgresql/{major}/extension", "/usr/share/pgsql/extension", "/usr/share/postgresql/extension",
        ];
    }

    private bool CanShareBlocks => int.TryParse(Version.Split('.', 'b', 'r', 'd')[0], out var major) && major >= 18;

    private static async Task<string> VersionAsync(string binaries, CancellationToken cancellationToken)
    {
        // The server answers: postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
        var words = await ServerAccount.WordsOfAsync(Path.Combine(binaries, "postgres"), ["--version"], cancellationToken);
        return words.Length > 2 ? words[2] : "unknown";
    }
}
