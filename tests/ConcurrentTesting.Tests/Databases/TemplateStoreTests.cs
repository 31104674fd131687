using System.Runtime.InteropServices;
using ConcurrentTesting.Databases.Templates;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class TemplateStoreTests : IDisposable
{
    private const string A = "sqlite-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "mysql-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    private const string C = "postgresql-cccccccccccccccccccccccccccccccc";
    private const string Middle = "mariadb-11111111111111111111111111111111";
    private const string New = "mariadb-22222222222222222222222222222222";
    private const string Old = "mariadb-33333333333333333333333333333333";
    private const UnixFileMode Everything = (UnixFileMode)0b111_111_111;
    private const string Used = "mariadb-44444444444444444444444444444444";

    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_of_many_builds_and_the_others_wait_for_it()
    {
        var builds = 0;
        using var begin = new SemaphoreSlim(0);

        var asked = Enumerable.Range(0, 8).Select(_ => Task.Run(() => Store().GetOrBuildAsync(A, BuildAsync, CancellationToken))).ToArray();
        begin.Release();
        var entries = await Task.WhenAll(asked);

        builds.ShouldBe(1);
        entries.Count(entry => !entry.Hit).ShouldBe(1);
        entries.ShouldAllBe(entry => File.Exists(Path.Combine(entry.Path, "done")));
        foreach (var entry in entries)
            entry.Dispose();

        async Task BuildAsync(string folder, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref builds);
            await begin.WaitAsync(cancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "done"), "", cancellationToken);
        }
    }

    [Fact]
    public async Task What_a_dead_builder_left_is_built_again()
    {
        _folder.Write($"{A}.building/half", "");
        _folder.Write($"{A}.lock", "");

        using var entry = await Store().GetOrBuildAsync(A, (folder, _) => WriteAsync(folder, 1), CancellationToken);

        entry.Hit.ShouldBeFalse();
        Directory.EnumerateFiles(entry.Path).Select(Path.GetFileName).ShouldBe(["content"]);
    }

    [Fact]
    public async Task What_a_dead_builder_goes_on_to_write_does_not_reach_the_next_ones_template()
    {
        var folders = new List<string>();
        await Should.ThrowAsync<IOException>(Store().GetOrBuildAsync(A, BuildAsync, CancellationToken));

        using var entry = await Store().GetOrBuildAsync(A, BuildAsync, CancellationToken);

        folders.Distinct().Count().ShouldBe(2);
        Directory.EnumerateFileSystemEntries(entry.Path).Select(Path.GetFileName).ShouldBe(["content"]);
        Entries().ShouldBe([A]);

        async Task BuildAsync(string folder, CancellationToken cancellationToken)
        {
            folders.Add(folder);
            await WriteAsync(folder, 1);
            if (folders.Count == 1)
                throw new IOException();
            Should.Throw<IOException>(() => File.AppendAllText(Path.Combine(folders[0], "content"), "more"));
        }
    }

    [Fact]
    public async Task The_least_recently_used_goes_first_and_one_in_use_stays()
    {
        var time = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var inUse = await Store().GetOrBuildAsync(Used, (folder, _) => WriteAsync(folder, 1), CancellationToken);
        foreach (var name in new[] { Old, Middle, New })
            (await Store().GetOrBuildAsync(name, (folder, _) => WriteAsync(folder, 1), CancellationToken)).Dispose();
        foreach (var (name, day) in new[] { (Used, 0), (Old, 1), (Middle, 2), (New, 3) })
            Directory.SetLastWriteTimeUtc(Path.Combine(_folder.Path, name), time.AddDays(day));

        await Store().EvictAsync(CancellationToken, maxEntries: 2);

        Entries().ShouldBe([Middle, New, Used]);
        inUse.Dispose();
    }

    [Fact]
    public async Task What_is_above_the_limit_of_bytes_goes()
    {
        foreach (var name in new[] { A, B, C })
            (await Store().GetOrBuildAsync(name, (folder, _) => WriteAsync(folder, 1000), CancellationToken)).Dispose();
        Directory.SetLastWriteTimeUtc(Path.Combine(_folder.Path, B), DateTime.UtcNow.AddDays(-1));

        await Store().EvictAsync(CancellationToken, maxBytes: 2500);

        Entries().ShouldBe([C, A]);
    }

    [Fact]
    public async Task What_has_no_name_of_ours_stays_whatever_lies_beside_it()
    {
        foreach (var foreign in new[] { "yarn.lock", "Gemfile.lock", "precious/file", "precious.lock", $"{A}0.lock" })
            _folder.Write(foreign, "");
        (await Store().GetOrBuildAsync(A, (folder, _) => WriteAsync(folder, 1), CancellationToken)).Dispose();

        await Store().EvictAsync(CancellationToken, maxEntries: 0);

        (await Store().ListAsync(CancellationToken)).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["Gemfile.lock", "precious", "precious.lock", $"{A}0.lock", "store.lock", "yarn.lock"]);
    }

    [Fact]
    public void What_another_user_has_left_there_is_in_nobodys_way()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A thread is made another user's by a call of Linux.");
        foreach (var name in new[] { A, B, C })
            _folder.Write($"{name}/data/file", "");
        foreach (var name in new[] { A, B, C, Old })
            _folder.Write($"{name}.lock", "");
        _folder.Write($"{Old}.building/half", "");
        Allow(Everything, _folder.Path, A, $"{A}/data", $"{A}.lock", B, C, $"{C}/data", $"{C}.lock");
        Allow(UnixFileMode.None, $"{B}/data");

        AsNobody(async () =>
        {
            (await Store().ListAsync(CancellationToken)).Select(entry => (Path.GetFileName(entry.Path), entry.Bytes is null))
                .ShouldBe([(A, false), (B, true), (C, false)], ignoreOrder: true);
            await Store().EvictAsync(CancellationToken, maxEntries: 0);
        });

        Allow(Everything, $"{B}/data");
        Entries().ShouldContain(B);
        Entries().ShouldNotContain(A);
        Entries().ShouldNotContain(C);
    }

    [Fact]
    public async Task A_build_that_fails_leaves_nothing()
    {
        await Should.ThrowAsync<InvalidOperationException>(Store().GetOrBuildAsync(A, (_, _) => throw new InvalidOperationException(), CancellationToken));
        await Store().EvictAsync(CancellationToken);

        Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).ShouldBe(["store.lock"]);
    }

    private void Allow(UnixFileMode mode, params string[] names)
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach (var name in names)
            File.SetUnixFileMode(Path.Combine(_folder.Path, name), mode);
    }

    /// <summary>Works with files as a user who is not root; of another user nothing changes.</summary>
    private static void AsNobody(Func<Task> work)
    {
        const int Nobody = 65534;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            _ = SetUserOfFiles(Nobody);
            try
            {
                work().GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        failure.ShouldBeNull();
    }

    // It holds for the calling thread alone.
    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetUserOfFiles(int user);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private TemplateStore Store() => new(_folder.Path, TimeProvider.System, _log);

    private string?[] Entries() => [.. Directory.EnumerateDirectories(_folder.Path).Select(Path.GetFileName).Order()];

    private static Task WriteAsync(string folder, int bytes) => File.WriteAllBytesAsync(Path.Combine(folder, "content"), new byte[bytes]);
}
