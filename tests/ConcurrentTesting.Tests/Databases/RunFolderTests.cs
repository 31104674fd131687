using ConcurrentTesting.Safety;
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
        _folder.Write("root/locked/main.db", "");

        (await SweepAsync()).ShouldBe(0);

        File.Exists(Path.Combine(Root, "precious", "file")).ShouldBeTrue();
        File.Exists(Path.Combine(Root, "locked", "main.db")).ShouldBeTrue();
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
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Others are kept out there in another way.");
        Directory.CreateDirectory(Root);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Root, File.GetUnixFileMode(Root) | UnixFileMode.OtherWrite);

        Should.Throw<IOException>(() => RunFolder.Create(Root, "run")).Message.ShouldContain("Others may write");
    }

    [Theory]
    [InlineData("data.txt")]
    [InlineData("notes/read.me")]
    public async Task A_file_that_no_run_makes_keeps_a_dead_runs_folder(string name)
    {
        DeadFolder("dead");
        _folder.Write($"root/dead/{name}", "precious");

        (await SweepAsync()).ShouldBe(0);
        RunFolder.RemoveDead(Root, "dead", _log);

        File.ReadAllText(Path.Combine(Root, "dead", name)).ShouldBe("precious");
        _log.Text.ShouldContain(Path.Combine(Root, "dead"));
    }

    [Theory]
    [InlineData("main-w0-1.db.copying")]
    [InlineData("main-w0-1.db-mjA1B2C3D4")]
    [InlineData("main-w0-1.db-journal")]
    public async Task What_a_run_leaves_when_it_is_killed_goes_with_its_folder(string name)
    {
        DeadFolder("dead");
        File.WriteAllText(Path.Combine(Root, "dead", name), "");

        (await SweepAsync()).ShouldBe(1);

        Directory.Exists(Path.Combine(Root, "dead")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_root_that_is_a_link_is_neither_used_nor_swept()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Others are kept out there in another way.");
        using var elsewhere = new TemporaryFolder();
        elsewhere.Write("dead.lock", $"{RunFolder.Mark}\nprocess 1\n");
        var precious = elsewhere.Write("dead/main.db", "");
        Directory.CreateSymbolicLink(Root, elsewhere.Path);

        Should.Throw<IOException>(() => RunFolder.Create(Root, "run")).Message.ShouldContain("link");
        (await SweepAsync()).ShouldBe(0);
        RunFolder.RemoveDead(Root, "dead", _log);
        RunFolder.List(Root).ShouldBeEmpty();

        File.Exists(precious).ShouldBeTrue();
    }

    [Fact]
    public async Task A_root_in_a_shared_place_that_is_another_users_is_neither_used_nor_swept()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can make a folder somebody else's.");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.Path, UnixFileMode.StickyBit | File.GetUnixFileMode(_folder.Path) | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        DeadFolder("dead");
        using (var chown = System.Diagnostics.Process.Start("chown", ["65534", Root]))
            await chown.WaitForExitAsync(CancellationToken);

        Should.Throw<IOException>(() => RunFolder.Create(Root, "run")).Message.ShouldContain("belongs to another user");
        (await SweepAsync()).ShouldBe(0);

        File.Exists(Path.Combine(Root, "dead", "main.db")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("another-machine another-boot", false)]
    [InlineData("another-machine", false)]
    [InlineData("{this} another-boot", true)]
    public async Task A_folder_of_another_machine_stays_for_a_day(string machine, bool isRemovedAtOnce)
    {
        DeadFolder("dead");
        var lockFile = _folder.Write(
            "root/dead.lock", $"{RunFolder.Mark}\nprocess 1\nmachine {machine.Replace("{this}", Environment.MachineName, StringComparison.Ordinal)}\n");

        (await SweepAsync()).ShouldBe(isRemovedAtOnce ? 1 : 0);

        if (isRemovedAtOnce)
            return;
        _log.Text.ShouldContain("was made on another machine");
        File.SetLastWriteTimeUtc(lockFile, DateTime.UtcNow.AddDays(-2));
        (await SweepAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_link_in_a_dead_runs_folder_is_removed_and_not_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Others are kept out there in another way.");
        using var elsewhere = new TemporaryFolder();
        var precious = elsewhere.Write("file", "");
        DeadFolder("dead");
        Directory.CreateSymbolicLink(Path.Combine(Root, "dead", "s1"), elsewhere.Path);

        (await SweepAsync()).ShouldBe(1);

        File.Exists(precious).ShouldBeTrue();
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
