using ConcurrentTesting.VsTest.AheadOfTime;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>What is compiled ahead, and where it lies.</summary>
public sealed class AheadOfTimeTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"ahead-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Assemblies_of_packages_are_third_party_and_those_of_projects_are_not()
    {
        var names = ThirdParty.AssembliesIn(typeof(AheadOfTimeTests).Assembly.Location).Select(file => Path.GetFileName(file)).ToList();

        names.ShouldContain("Shouldly.dll");
        names.ShouldNotContain("ConcurrentTesting.dll");
        names.ShouldNotContain("ConcurrentTesting.Tests.dll");
        ThirdParty.AssembliesIn(Path.Combine(_folder, "Shop.Tests.dll")).ShouldBeEmpty();
    }

    [Fact]
    public void What_was_compiled_is_found_by_the_content_of_the_original()
    {
        var cache = Opened();
        cache.Find("a").ShouldBeNull();
        cache.Add("a", Written("a.tmp", 10));
        cache.Add("b", null);

        File.ReadAllBytes(cache.Find("a")!).Length.ShouldBe(10);
        (cache.IsRefused("a"), cache.IsRefused("b")).ShouldBe((false, true));
        File.Exists(Path.Combine(_folder, "a.tmp")).ShouldBeFalse();
    }

    [Fact]
    public void The_cache_is_bounded_and_what_is_used_least_lately_goes_first()
    {
        var cache = Opened(mostBytes: 25);
        foreach (var hash in new[] { "a", "b" })
        {
            cache.Add(hash, Written($"{hash}.tmp", 10));
            File.SetLastWriteTimeUtc(cache.Find(hash)!, new DateTime(2026, 1, hash == "a" ? 1 : 2, 0, 0, 0, DateTimeKind.Utc));
        }

        cache.Find("a").ShouldNotBeNull("it is used now");
        cache.Add("c", Written("c.tmp", 10));

        cache.Find("b").ShouldBeNull();
        cache.Find("a").ShouldNotBeNull();
        cache.Find("c").ShouldNotBeNull();
    }

    [Fact]
    public void A_folder_in_which_others_may_write_is_not_used()
    {
        if (OperatingSystem.IsWindows())
            return;
        Opened();
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherWrite);

        new CompiledCache(_folder).TryOpen().ShouldBeFalse();
    }

    private CompiledCache Opened(long mostBytes = 1000)
    {
        var cache = new CompiledCache(_folder, mostBytes);
        cache.Exists.ShouldBeFalse();
        cache.TryOpen().ShouldBeTrue();
        return cache;
    }

    private string Written(string name, int bytes)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllBytes(file, new byte[bytes]);
        return file;
    }
}
