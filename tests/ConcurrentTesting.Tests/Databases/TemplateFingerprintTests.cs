using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class TemplateFingerprintTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_same_command_in_another_checkout_is_another_template()
    {
        foreach (var checkout in new[] { "shop", "bank" })
            _folder.Write($"{checkout}/migrate.sh", "make db");

        var (shop, bank) = (In("shop"), In("bank"));

        (await OfAsync(shop, "cmd:sh ./migrate.sh")).ShouldBe(await OfAsync(shop, "cmd:sh ./migrate.sh"));
        (await OfAsync(shop, "cmd:sh ./migrate.sh")).ShouldNotBe(await OfAsync(bank, "cmd:sh ./migrate.sh"));
    }

    [Fact]
    public async Task Machines_that_share_a_queue_agree_wherever_their_checkouts_are()
    {
        foreach (var checkout in new[] { "first", "second" })
            _folder.Write($"{checkout}/migrate.sh", "make db");

        (await OfAsync(In("first"), "cmd:sh ./migrate.sh", isOfPlace: false))
            .ShouldBe(await OfAsync(In("second"), "cmd:sh ./migrate.sh", isOfPlace: false));
    }

    [Fact]
    public async Task A_project_that_the_commands_project_refers_to_counts()
    {
        _folder.Write("src/Shop/Shop.csproj", "<Project><ItemGroup><ProjectReference Include=\"..\\Data\\Data.csproj\" /></ItemGroup></Project>");
        _folder.Write("src/Data/Data.csproj", "<Project><ItemGroup><ProjectReference Include=\"..\\Shop\\Shop.csproj\" /></ItemGroup></Project>");
        const string Command = "cmd:dotnet ef database update --project src/Shop";
        var before = await OfAsync(In(""), Command);

        _folder.Write("src/Data/Migrations/1.cs", "// another migration");

        (await OfAsync(In(""), Command)).ShouldNotBe(before);
    }

    [Fact]
    public async Task What_a_run_writes_itself_does_not_count_and_its_locks_are_in_nobodys_way()
    {
        _folder.Write("Shop.csproj", "<Project />");
        var before = await OfAsync(In(""), "cmd:dotnet ef database update --project Shop.csproj");

        var results = _folder.Write("artifacts/test-results/.concurrent-test.lock", "");
        using var held = FileLock.TryExclusive(results);
        _folder.Write(".nuke/temp/templates/store.lock", "");
        _folder.Write("temp/history", "1");

        (await OfAsync(In(""), "cmd:dotnet ef database update --project Shop.csproj")).ShouldBe(before);
    }

    [Fact]
    public async Task A_link_to_a_folder_above_is_not_followed()
    {
        _folder.Write("db/1.sql", "SELECT 1");
        var before = await OfAsync(In(""), "cmd:sh -c true db");

        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "db", "up"), _folder.Path);
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "db", ".#1.sql"), "nowhere");

        (await OfAsync(In(""), "cmd:sh -c true db")).ShouldBe(before);
    }

    [Theory]
    [InlineData("make db", false)]
    [InlineData("npm run migrate 2>/dev/null", false)]
    [InlineData("/bin/sh -c 'make db'", false)]
    [InlineData("sh ./migrate.sh", true)]
    [InlineData("psql -f migrate.sh", true)]
    public void A_command_is_known_by_what_it_names(string command, bool isKnown)
    {
        _folder.Write("migrate.sh", "");

        new TemplateSource("main", [new CommandStep(command)]).IsCached(In("")).ShouldBe(isKnown);
        new TemplateSource("main", [new CommandStep(command), new WatchStep(_folder.Path, ".")]).IsCached(In("")).ShouldBeTrue();
    }

    [Fact]
    public void A_hooks_code_is_all_assemblies_that_it_refers_to()
    {
        var found = AssemblyIdentities.Of(typeof(TemplateFingerprintTests).Module);

        found.ShouldContain($"ConcurrentTesting.Tests.dll {typeof(TemplateFingerprintTests).Module.ModuleVersionId}");
        found.ShouldContain($"ConcurrentTesting.dll {typeof(TemplateHook).Module.ModuleVersionId}");
        // Only the engine refers to it.
        found.ShouldContain(one => one.StartsWith("Polly.Core.dll ", StringComparison.Ordinal));
    }

    private ConcurrentTestSettings In(string folder) => new()
    {
        RootDirectory = Path.Combine(_folder.Path, folder),
        WorkingDirectory = Path.Combine(_folder.Path, folder),
        TemporaryDirectory = Path.Combine(_folder.Path, "temp"),
    };

    private static Task<string> OfAsync(ConcurrentTestSettings settings, string template, bool isOfPlace = true) =>
        TemplateFingerprint.ComputeAsync(
            new TemplateSourceParser(settings with { Template = [template] }).ParseAll()[0], [], settings, TestContext.Current.CancellationToken, isOfPlace);
}
