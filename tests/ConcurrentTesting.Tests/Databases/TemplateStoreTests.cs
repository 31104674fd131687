using ConcurrentTesting.Databases.Templates;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class TemplateStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_of_many_builds_and_the_others_wait_for_it()
    {
        var builds = 0;
        using var begin = new SemaphoreSlim(0);

        var asked = Enumerable.Range(0, 8).Select(_ => Task.Run(() => Store().GetOrBuildAsync("a", BuildAsync, CancellationToken))).ToArray();
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
        _folder.Write("a.building/half", "");
        _folder.Write("a.lock", "");

        using var entry = await Store().GetOrBuildAsync("a", (folder, _) => WriteAsync(folder, 1), CancellationToken);

        entry.Hit.ShouldBeFalse();
        Directory.EnumerateFiles(entry.Path).Select(Path.GetFileName).ShouldBe(["content"]);
    }

    [Fact]
    public async Task The_least_recently_used_goes_first_and_one_in_use_stays()
    {
        var time = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var inUse = await Store().GetOrBuildAsync("used", (folder, _) => WriteAsync(folder, 1), CancellationToken);
        foreach (var name in new[] { "old", "middle", "new" })
            (await Store().GetOrBuildAsync(name, (folder, _) => WriteAsync(folder, 1), CancellationToken)).Dispose();
        foreach (var (name, day) in new[] { ("used", 0), ("old", 1), ("middle", 2), ("new", 3) })
            Directory.SetLastWriteTimeUtc(Path.Combine(_folder.Path, name), time.AddDays(day));

        await Store().EvictAsync(CancellationToken, maxEntries: 2);

        Entries().ShouldBe(["middle", "new", "used"]);
        inUse.Dispose();
    }

    [Fact]
    public async Task What_is_above_the_limit_of_bytes_goes()
    {
        foreach (var name in new[] { "a", "b", "c" })
            (await Store().GetOrBuildAsync(name, (folder, _) => WriteAsync(folder, 1000), CancellationToken)).Dispose();
        Directory.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "b"), DateTime.UtcNow.AddDays(-1));

        await Store().EvictAsync(CancellationToken, maxBytes: 2500);

        Entries().ShouldBe(["a", "c"]);
    }

    [Fact]
    public async Task A_build_that_fails_leaves_nothing()
    {
        await Should.ThrowAsync<InvalidOperationException>(Store().GetOrBuildAsync("a", (_, _) => throw new InvalidOperationException(), CancellationToken));
        await Store().EvictAsync(CancellationToken);

        Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).ShouldBe(["store.lock"]);
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private TemplateStore Store() => new(_folder.Path, TimeProvider.System, _log);

    private string?[] Entries() => [.. Directory.EnumerateDirectories(_folder.Path).Select(Path.GetFileName).Order()];

    private static Task WriteAsync(string folder, int bytes) => File.WriteAllBytesAsync(Path.Combine(folder, "content"), new byte[bytes]);
}
