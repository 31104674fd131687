using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.VsTest;
using ConcurrentTesting.VsTest.AheadOfTime;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>What is compiled ahead, and where it lies.</summary>
[Collection(ProcessWide.Name)]
public sealed class AheadOfTimeTests : IDisposable
{
    private const string DataVariable = "XDG_DATA_HOME";

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
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Others are kept out there in another way.");
        Opened();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherWrite);

        new CompiledCache(_folder).TryOpen().ShouldBeFalse();
    }

    [Fact]
    public void What_a_compiler_refused_is_tried_again_after_a_month()
    {
        var cache = Opened();
        cache.Add("a", null);
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "a.none"), DateTime.UtcNow.AddDays(-31));

        cache.IsRefused("a").ShouldBeFalse();
    }

    [Fact]
    public void What_killed_runs_and_runtimes_of_old_left_goes()
    {
        var caches = Directory.CreateDirectory(Path.Combine(_folder, "ahead-of-time")).FullName;
        var (old, lately) = (Path.Combine(caches, "9.0.1-linux-x64"), Path.Combine(caches, "10.0.1-linux-x64"));
        foreach (var other in new[] { old, lately })
        {
            Directory.CreateDirectory(other);
            File.WriteAllText(Path.Combine(other, "a.dll"), "compiled");
            Directory.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddDays(-91));
        }

        File.SetLastWriteTimeUtc(Path.Combine(old, "a.dll"), DateTime.UtcNow.AddDays(-91));
        var cache = new CompiledCache(Path.Combine(caches, "10.0.2-linux-x64"));
        cache.TryOpen().ShouldBeTrue();
        var (left, young) = (Path.Combine(cache.Folder, "b.7.tmp"), Path.Combine(cache.Folder, "c.8.tmp"));
        File.WriteAllText(left, "half");
        File.WriteAllText(young, "half");
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddDays(-2));

        cache.Add("d", null);

        (File.Exists(left), File.Exists(young)).ShouldBe((false, true));
        (Directory.Exists(old), Directory.Exists(lately)).ShouldBe((false, true));
    }

    [Theory]
    [InlineData("exit 1", true, true)]
    [InlineData("exit 126", false, false)]
    [InlineData("kill -9 $$", false, true)]
    public async Task Only_what_the_compiler_itself_ends_with_is_a_refusal(string end, bool isRefused, bool goesOn)
    {
        if (Compiler.Platform is null)
            Assert.Skip("Only Linux on x64 has been tried.");
        var cache = Opened();
        Install(cache, $"#!/bin/sh\n{end}\n", isWhole: true);
        ImmutableArray<string> assemblies = [Written("a.dll", 1), Written("b.dll", 2)];

        var compiling = CompilerOf(cache).CompileAsync(assemblies, _folder, TestContext.Current.CancellationToken);

        if (goesOn)
            await compiling;
        else
            await Should.ThrowAsync<IOException>(compiling);
        foreach (var assembly in assemblies)
            cache.IsRefused(CompiledCache.HashOf(assembly)).ShouldBe(isRefused);
    }

    [Fact]
    public async Task An_assembly_that_ends_the_compiler_twice_is_refused()
    {
        if (Compiler.Platform is null)
            Assert.Skip("Only Linux on x64 has been tried.");
        var cache = Opened();
        Install(cache, "#!/bin/sh\nkill -9 $$\n", isWhole: true);
        var assembly = Written("a.dll", 1);

        foreach (var isRefused in new[] { false, true })
        {
            await CompilerOf(cache).CompileAsync([assembly], _folder, TestContext.Current.CancellationToken);
            cache.IsRefused(CompiledCache.HashOf(assembly)).ShouldBe(isRefused);
        }
    }

    [Fact]
    public async Task A_compiler_whose_package_is_not_whole_yet_is_not_used()
    {
        if (Compiler.Platform is null)
            Assert.Skip("Only Linux on x64 has been tried.");
        var cache = Opened();
        Install(cache, "#!/bin/sh\nexit 1\n", isWhole: false);
        var assembly = Written("a.dll", 1);

        await CompilerOf(cache).CompileAsync([assembly], _folder, TestContext.Current.CancellationToken);

        cache.IsRefused(CompiledCache.HashOf(assembly)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_assembly_starts_as_it_was_built_where_nothing_can_be_replaced_or_the_cache_not_be_made()
    {
        if (Compiler.Platform is null)
            Assert.Skip("Only Linux on x64 has been tried.");
        var data = Environment.GetEnvironmentVariable(DataVariable);
        try
        {
            Directory.CreateDirectory(_folder);
            foreach (var place in new[] { _folder, Written("file", 1) })
            {
                Environment.SetEnvironmentVariable(DataVariable, Path.Combine(place, "data"));
                var path = Written("Shop.Tests.dll", 1);
                File.WriteAllText(
                    Path.ChangeExtension(path, ".runtimeconfig.json"),
                    """{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"10.0.0"}}}""");
                var assembly = new TestAssembly(path, "net10.0", TestFramework.NUnit, null);

                await using var hosts = AheadOfTimeHosts.Begin(
                    [assembly], new ConcurrentTestSettings { AheadOfTime = AheadOfTimeMode.Auto }, new VsTestLocation(VsTestLocation.FindDotNet(), "", ""), "run", NullLogger.Instance);

                hosts.PathOf(assembly).ShouldBe(path);
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable(DataVariable, data);
        }
    }

    // The feed has nothing of that version.
    private static Compiler CompilerOf(CompiledCache cache) => new(cache, new Version(10, 0, 0), "/bin/false", "/nowhere", NullLogger.Instance);

    private static void Install(CompiledCache cache, string program, bool isWhole)
    {
        var folder = Path.Combine(cache.Folder, "packages", "microsoft.netcore.app.crossgen2.linux-x64", "10.0.0");
        Directory.CreateDirectory(Path.Combine(folder, "tools"));
        File.WriteAllText(Path.Combine(folder, "tools", "crossgen2"), program);
        if (isWhole)
            File.WriteAllText(Path.Combine(folder, ".nupkg.metadata"), "{}");
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
