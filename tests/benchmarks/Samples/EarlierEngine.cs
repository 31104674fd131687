using ConcurrentTesting.Benchmarks.Suites;

namespace ConcurrentTesting.Benchmarks.Samples;

/// <summary>The engine as it was when each batch started a test host, built in a worktree that is removed at the end.</summary>
internal sealed class EarlierEngine : IAsyncDisposable
{
    /// <summary>The last one before test hosts were kept for further batches.</summary>
    public const string Commit = "b43beee5e0814dc3648d5e406dc25c44da62f701";

    /// <summary>What is held to.</summary>
    public const double LeastTimesFaster = 2;

    // Not there yet for git, which makes it.
    private readonly string _parent = Directory.CreateTempSubdirectory("benchmark-").FullName;

    private EarlierEngine()
    {
    }

    /// <summary>This checkout.</summary>
    public static string Root { get; } = FindRoot();

    public string Folder => Path.Combine(_parent, "engine");

    public static async Task<bool> IsInCloneAsync() => (await GitAsync("cat-file", "-e", $"{Commit}^{{commit}}")).ExitCode == 0;

    public static async Task<EarlierEngine> BuildAsync()
    {
        var engine = new EarlierEngine();
        try
        {
            Require(await GitAsync("worktree", "add", "--detach", engine.Folder, Commit));
            Require(await MeasuredCommand.RunAsync(
                engine.Folder, "build", Path.Combine("build", "_build.csproj"), "--nologo", "-v", "q", "-p:RunAnalyzers=false", "-nodeReuse:false", "-p:UseSharedCompilation=false"));
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await GitAsync("worktree", "remove", "--force", Folder);
        Directory.Delete(_parent, recursive: true);
        await GitAsync("worktree", "prune");
    }

    private static void Require(MeasuredCommand run)
    {
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"The earlier engine is not there: {run.Output}");
    }

    private static Task<MeasuredCommand> GitAsync(params string[] arguments) => MeasuredCommand.RunProgramAsync("git", Root, [], arguments);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The benchmark is not in its checkout.");
        return folder.FullName;
    }
}
