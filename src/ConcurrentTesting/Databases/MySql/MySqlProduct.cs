using System.Net.Sockets;
using ConcurrentTesting.Databases.Throwaway;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>A MariaDB or MySQL server of our own: where its programs are, and how it is set up for tests, whose data nobody will miss. It
/// listens on 127.0.0.1, which every driver can reach, behind a password that each start makes anew; its socket lies in the data directory,
/// which is its user's alone.</summary>
internal sealed class MySqlProduct : IServerProduct
{
    private const string Superuser = "root";

    /// <summary>The socket in the data directory, where the superuser needs no password.</summary>
    public const string Socket = "s";

    private static readonly string[] Installers = ["mariadb-install-db", "mysql_install_db"];

    private readonly string _server;
    private readonly string? _installer;
    private readonly bool _isMariaDb;

    private MySqlProduct(string server, string? installer, string version)
    {
        _server = server;
        _installer = installer;
        _isMariaDb = version.Contains("MariaDB", StringComparison.Ordinal);
        Version = version;
    }

    public string Name => _isMariaDb ? "mariadb" : "mysql";

    /// <summary><c>10.11.19-MariaDB-0+deb12u1</c>, <c>8.4.3</c>.</summary>
    public string Version { get; }

    public ImmutableArray<string> Facts => [Version, .. InitArguments("")];

    public string StopSignal => "TERM";

    /// <summary>The server is one process and has nothing in shared memory.</summary>
    public string KillSignal => "KILL";

    /// <exception cref="ConcurrentTestException">There are no programs of the server.</exception>
    public static async Task<MySqlProduct> FindAsync(string? binaries, CancellationToken cancellationToken)
    {
        string[] folders =
        [
            "/usr/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/usr/local/mariadb/bin", "/opt/homebrew/opt/mariadb/bin",
            "/opt/homebrew/opt/mysql/bin",
            "/usr/local/opt/mariadb/bin", "/usr/local/opt/mysql/bin",
        ];
        var server = Find(binaries, folders, "mariadbd") ?? Find(binaries, folders, "mysqld")
            ?? throw Missing(
                binaries is null
                    ? "no MariaDB or MySQL server is installed here"
                    : $"--test-server-binaries '{binaries}' has no mariadbd or mysqld");
        var version = await VersionAsync(server, cancellationToken);
        if (!version.Contains("MariaDB", StringComparison.Ordinal))
            return new MySqlProduct(server, null, version);

        var own = Path.GetDirectoryName(server)!;
        string[] near = [own, Path.Combine(own, "..", "bin"), Path.Combine(own, "..", "scripts"), "/usr/bin"];
        var installer = near.SelectMany(folder => Installers.Select(name => Path.GetFullPath(Path.Combine(folder, name))))
            .FirstOrDefault(File.Exists) ?? throw Missing($"there is no mariadb-install-db near {server}");
        return new MySqlProduct(server, installer, version);
    }

    public Task InitializeAsync(string dataDirectory, ServerAccount account, CancellationToken cancellationToken) =>
        account.RunAsync(_installer ?? _server, InitArguments(dataDirectory), Path.GetDirectoryName(dataDirectory)!, cancellationToken);

    public ServerLaunch Launch(string dataDirectory, string socketDirectory, bool isInMemory)
    {
        var address = LoopbackAddress.New();
        var initFile = Path.Combine(socketDirectory, "init.sql");
        WriteOwn(initFile, $"""
            CREATE USER IF NOT EXISTS '{Superuser}'@'{LoopbackAddress.Host}';
            ALTER USER '{Superuser}'@'{LoopbackAddress.Host}' IDENTIFIED BY '{address.Password}';
            GRANT ALL PRIVILEGES ON *.* TO '{Superuser}'@'{LoopbackAddress.Host}' WITH GRANT OPTION;

            """);
        ImmutableArray<string> command =
        [
            .. CommandLine(dataDirectory, socketDirectory),
            $"--init-file={initFile}",
            $"--bind-address={LoopbackAddress.Host}",
            string.Create(CultureInfo.InvariantCulture, $"--port={address.Port}"),
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=OFF",
            // Gathering statistics of tables that live for minutes costs more than it gains; the server then estimates when a table is
            // opened.
            "--innodb-stats-persistent=OFF",
        ];
        return new ServerLaunch(command, ConnectionString(address));
    }

    public ImmutableArray<string> KeptCommandLine(string dataDirectory, string socketDirectory) =>
        [.. CommandLine(dataDirectory, socketDirectory), "--skip-networking"];

    /// <summary>It answers on its socket only once its initial statements are done.</summary>
    public async Task<bool> IsReadyAsync(string dataDirectory, string socketDirectory, CancellationToken cancellationToken)
    {
        var socket = new UnixDomainSocketEndPoint(Shortest(Path.Combine(dataDirectory, Socket)));
        using var connection = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(socket, cancellationToken);
            // A server of MySQL speaks first: it has greeted when a byte arrives.
            return await connection.ReceiveAsync(new byte[1], cancellationToken) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private ImmutableArray<string> CommandLine(string dataDirectory, string socketDirectory) =>
    [
        _server,
        "--no-defaults",
        $"--datadir={dataDirectory}",
        $"--tmpdir={socketDirectory}",
        $"--pid-file={Path.Combine(socketDirectory, "mysqld.pid")}",
        // The path is relative to the data directory, because an absolute one could be longer than sockets allow.
        $"--socket={Socket}",
        "--max-connections=500",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-dump-at-shutdown=OFF",
        "--innodb-buffer-pool-load-at-startup=OFF",
        "--skip-log-bin",
        .. _isMariaDb ? MariaDbArguments : MySqlArguments,
    ];

    private static ImmutableArray<string> MariaDbArguments =>
        ["--innodb-log-file-size=32M", "--innodb-flush-method=nosync", "--userstat=ON", "--performance-schema=OFF"];

    private static ImmutableArray<string> MySqlArguments => ["--innodb-redo-log-capacity=32M", "--mysqlx=OFF"];

    private ImmutableArray<string> InitArguments(string dataDirectory) => _isMariaDb
        ? ["--no-defaults", $"--datadir={dataDirectory}", "--auth-root-authentication-method=normal", "--skip-test-db",
            "--innodb-log-file-size=32M"]
        : ["--no-defaults", "--initialize-insecure", $"--datadir={dataDirectory}", "--innodb-redo-log-capacity=32M"];

    private string ConnectionString(LoopbackAddress address) => new MySqlConnectionStringBuilder
    {
        Server = LoopbackAddress.Host,
        Port = (uint)address.Port,
        UserID = Superuser,
        Password = address.Password,
        // Nobody can listen between two processes of this machine, so MySQL's authentication may fetch a key unencrypted.
        SslMode = MySqlSslMode.None,
        AllowPublicKeyRetrieval = !_isMariaDb,
    }.ConnectionString;

    private static string? Find(string? binaries, IEnumerable<string> folders, string program) =>
        ServerBinaries.Find(binaries, folders.Concat(["/usr/bin"]), program) is { } folder ? Path.Combine(folder, program)
        : binaries is not null && File.Exists(Path.Combine(binaries, "sbin", program)) ? Path.Combine(binaries, "sbin", program)
        : null;

    private static ConcurrentTestException Missing(string what) =>
        new(
            ConcurrentTestExitCode.Incomplete,
            what + ": install one (Debian and Ubuntu: apt-get install mariadb-server; macOS: brew install mariadb), point --test-server-binaries at its folder, "
            + "or give a server with NUKE_TEST_CONNECTION_STRING");

    private static void WriteOwn(string path, string content)
    {
        File.WriteAllText(path, "");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, content);
    }

    /// <summary>Socket addresses are short: a relative path may fit where the absolute one does not.</summary>
    private static string Shortest(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }

    private static async Task<string> VersionAsync(string server, CancellationToken cancellationToken)
    {
        // The server answers: /usr/sbin/mariadbd Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)
        var words = await ServerAccount.WordsOfAsync(server, ["--no-defaults", "--version"], cancellationToken);
        return words.SkipWhile(word => word != "Ver").Skip(1).FirstOrDefault() ?? "unknown";
    }
}
