using System.Diagnostics;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>
/// A folder with build.sh in which the SDK is played by a script, so that what build.sh itself does can be seen: it writes down each call, and the
/// build that it "builds" does what its arguments say.
/// </summary>
internal sealed class Checkout : IDisposable
{
    private const string Sdk = """
        #!/usr/bin/env bash
        echo "$*" >>"$CALLS"
        case "$1" in
            --version) echo 10.0.100 ;;
            restore) echo "error ${FEED_ANSWER:-NU1101}: nothing found"; exit 1 ;;
            build) mkdir -p build/bin/Debug build/obj; touch build/bin/Debug/_build.dll ;;
            *)
                shift
                echo "pid $$ caller $NUKE_CALLER_DIRECTORY stand-in $UseNukeStandIn arguments $*"
                case "${1:-}" in
                    wait) read -r _ <"$GATE" ;;
                    leave-child) sleep 30 >/dev/null 2>&1 & echo "child $!" ;;
                    fail) exit 7 ;;
                esac
                ;;
        esac
        """;

    public Checkout()
    {
        Folder = Directory.CreateTempSubdirectory("check out-").FullName;
        File.Copy(Path.Combine(TestPaths.Repository, "build.sh"), Path.Combine(Folder, "build.sh"));
        File.Copy(Path.Combine(TestPaths.Repository, "Directory.Build.props"), Path.Combine(Folder, "Directory.Build.props"));
        foreach (var file in new[] { "build/Build.cs", "src/A.cs", "global.json", ".editorconfig", "CodeMetricsConfig.txt", "bin/dotnet", "calls", "caller/x" })
            Write(file, string.Empty);
        Write("bin/dotnet", Sdk.ReplaceLineEndings("\n") + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(Folder, "bin", "dotnet"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Gate = Path.Combine(Folder, "gate");
        using var make = Process.Start("mkfifo", [Gate]);
        make.WaitForExit();
    }

    public string Folder { get; }

    /// <summary>The build's argument <c>wait</c> waits until something is written here.</summary>
    public string Gate { get; }

    public string[] Calls => File.ReadAllLines(Path.Combine(Folder, "calls"));

    public string InstalledSdk => Path.Combine(Folder, ".nuke", "temp", "dotnet-unix");

    /// <summary>The SDK on the PATH fits no longer; the address of an installer, on this disk, of one that does.</summary>
    public string ReplaceSdkByInstaller()
    {
        Write("served/dotnet", Sdk.ReplaceLineEndings("\n") + "\n");
        Write("bin/dotnet", "#!/usr/bin/env bash\necho 'A compatible .NET SDK was not found.' >&2\nexit 155\n");
        Write("served/dotnet-install.sh", $"""
            [[ "$1 $3 $5" == "--install-dir --jsonfile --no-path" && -f "$4" ]] || exit 9
            mkdir -p "$2" && cp "{Folder}/served/dotnet" "$2/dotnet" && chmod +x "$2/dotnet"
            """.ReplaceLineEndings("\n") + "\n");
        return $"file://{Folder.Replace(" ", "%20", StringComparison.Ordinal)}/served/dotnet-install.sh";
    }

    public void ForgetCalls() => Write("calls", string.Empty);

    public void Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    public BuildProcess Start(string arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Path.Combine(Folder, "build.sh"), arguments.Split(' '))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.Combine(Folder, "caller"),
        };
        start.Environment.Remove("UseNukeStandIn");
        start.Environment.Remove("UseSdkTranslationLayer");
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Folder, "packages");
        start.Environment["PATH"] = $"{Path.Combine(Folder, "bin")}:{start.Environment["PATH"]}";
        start.Environment["CALLS"] = Path.Combine(Folder, "calls");
        start.Environment["GATE"] = Gate;
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return new BuildProcess(start);
    }

    public async Task<BuildOutcome> RunAsync(string arguments, CancellationToken cancellationToken, params (string Name, string Value)[] variables)
    {
        using var process = Start(arguments, variables);
        return await process.EndAsync(cancellationToken);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
