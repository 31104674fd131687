using ConcurrentTesting.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_living_run_keeps_its_folder()
    {
        using var alive = RunFolder.Create(Root, "alive");

        (await SweepAsync()).ShouldBe(0);

        Directory.Exists(alive.Path).ShouldBeTrue();
    }

    [Fact]
    public async Task A_dead_runs_folder_is_removed()
    {
        DeadFolder("dead");

        (await SweepAsync()).ShouldBe(1);

        Directory.EnumerateFileSystemEntries(Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_without_our_mark_is_removed()
    {
        RunFolder.Create(Root, "makes-the-root").Dispose();
        _folder.Write("root/precious/file", "");
        _folder.Write("root/locked.lock", "someone else's");
        _folder.Write("root/locked/file", "");

        (await SweepAsync()).ShouldBe(0);

        File.Exists(Path.Combine(Root, "precious", "file")).ShouldBeTrue();
        File.Exists(Path.Combine(Root, "locked", "file")).ShouldBeTrue();
    }

    [Fact]
    public async Task What_still_lives_in_a_folder_keeps_it_for_the_next_sweep()
    {
        DeadFolder("dead");

        (await RunFolder.SweepAsync(Root, (_, _) => Task.FromResult(false), _log, CancellationToken)).ShouldBe(0);

        Directory.Exists(Path.Combine(Root, "dead")).ShouldBeTrue();
    }

    [Fact]
    public void A_root_that_others_may_write_to_is_refused()
    {
        if (OperatingSystem.IsWindows())
            return;
        Directory.CreateDirectory(Root);
        File.SetUnixFileMode(Root, File.GetUnixFileMode(Root) | UnixFileMode.OtherWrite);

        Should.Throw<IOException>(() => RunFolder.Create(Root, "run")).Message.ShouldContain("Others may write");
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private string Root => Path.Combine(_folder.Path, "root");

    private Task<int> SweepAsync() => RunFolder.SweepAsync(Root, (_, _) => Task.FromResult(true), _log, CancellationToken);

    /// <summary>What a killed run leaves: the folder, and the lock file with its mark and without its lock.</summary>
    private void DeadFolder(string name)
    {
        RunFolder.Create(Root, "makes-the-root").Dispose();
        _folder.Write($"root/{name}.lock", $"{RunFolder.Mark}\nprocess 1\n");
        _folder.Write($"root/{name}/main.db", "");
    }
}
