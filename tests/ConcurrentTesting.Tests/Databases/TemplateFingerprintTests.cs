using System.Net.Sockets;
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

    [Theory]
    [InlineData("cmd:sh ./seed.sh", true)]
    [InlineData("seed.sql", false)]
    public async Task A_variable_that_a_command_gets_counts_as_its_text_does(string template, bool counts)
    {
        _folder.Write("seed.sh", "make db");
        _folder.Write("seed.sql", "SELECT 1");
        ConcurrentTestSettings With(string tenant) =>
            In("") with { Environment = [EnvironmentPattern.Default, new("Seed__Tenant", tenant)] };

        var acme = await OfAsync(With("acme"), template);

        (await OfAsync(With("acme"), template)).ShouldBe(acme);
        (await OfAsync(With("globex"), template) != acme).ShouldBe(counts);
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
    [InlineData("sh ./migrate.sh", false)]
    [InlineData("psql -f migrate.sh", false)]
    [InlineData("psql -f all.sql", false)]
    [InlineData("psql -f plain.sql", true)]
    [InlineData("sh ./migrate.sh && psql -f plain.sql", false)]
    [InlineData("psql -f plain.sql -f all.sql", false)]
    [InlineData("dotnet ef database update", false)]
    [InlineData("sh ./migrate.sh ./database", true)]
    [InlineData("dotnet ef database update --project Shop", true)]
    [InlineData("dotnet run --project Shop/Shop.csproj", true)]
    [InlineData("dotnet Shop/bin/Shop.dll", false)]
    [InlineData("find / -name x", false)]
    public void A_command_is_known_by_what_it_names(string command, bool isKnown)
    {
        _folder.Write("migrate.sh", "");
        _folder.Write("all.sql", "\\ir tables/*.sql");
        _folder.Write("plain.sql", "CREATE TABLE book (id int);\nCOPY book FROM stdin;\n1\n\\.\n");
        _folder.Write("database/1.sql", "");
        _folder.Write("Shop/Shop.csproj", "<Project />");
        _folder.Write("Shop/bin/Shop.dll", "");

        new TemplateSource("main", [new CommandStep(command)]).IsCached(In("")).ShouldBe(isKnown);
        new TemplateSource("main", [new CommandStep(command), new WatchStep(_folder.Path, ".")]).IsCached(In("")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("<ProjectReference Include=\"$(Sources)Data/Data.csproj\" />", "src/Data/1.cs")]
    [InlineData("<ProjectReference Include=\"..\\More\\More.csproj;..\\Data\\Data.csproj\" />", "src/Data/1.cs")]
    [InlineData("<EmbeddedResource Include=\"../../db/**/*.sql\" />", "db/tables/1.sql")]
    [InlineData("<Import Project=\"../Shared/Shared.projitems\" />", "src/Shared/1.cs")]
    [InlineData("<Import Project=\"../../eng/db.props\" />", "db/tables/1.sql")]
    [InlineData("<Reference Include=\"Legacy\"><HintPath>..\\..\\lib\\Legacy.dll</HintPath></Reference>", "lib/Legacy.dll")]
    [InlineData("<Reference Include=\"Legacy\"><HintPath>$(Libraries)Legacy.dll</HintPath></Reference>", "lib/Legacy.dll")]
    [InlineData("<Reference Include=\"../../lib/*.dll\" />", "lib/Legacy.dll")]
    [InlineData("", "Directory.Packages.props")]
    public async Task What_a_commands_project_is_made_of_outside_of_its_folder_counts(string items, string changed)
    {
        _folder.Write("src/Shop/Shop.csproj", $"<Project><ItemGroup>{items}</ItemGroup></Project>");
        _folder.Write("src/Data/Data.csproj", "<Project />");
        _folder.Write("src/More/More.csproj", "<Project />");
        _folder.Write("src/Shared/Shared.projitems", "<Project />");
        _folder.Write("eng/db.props", "<Project><ItemGroup><Content Include=\"$(MSBuildThisFileDirectory)../db/**\" /></ItemGroup></Project>");
        _folder.Write("lib/Legacy.dll", "");
        _folder.Write("Directory.Build.props", "<Project><Import Project=\"$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', '..'))\" /></Project>");
        _folder.Write(".git/HEAD", "");
        _folder.Write("README.md", "");
        const string Command = "cmd:dotnet ef database update --project src/Shop";
        var before = await OfAsync(In(""), Command);

        _folder.Write(changed, "<Project><!-- changed --></Project>");

        (await OfAsync(In(""), Command)).ShouldNotBe(before);
    }

    [Fact]
    public async Task What_a_commands_project_has_nothing_to_do_with_does_not_count()
    {
        _folder.Write("src/Shop/Shop.csproj", "<Project><ItemGroup><Compile Include=\"../Shared/*.cs\" /><PackageReference Include=\"$(Some)\" />"
            + "<Reference Include=\"System.Xml\" /><Reference Include=\"Some\"><HintPath>$(NuGetPackageRoot)some/1.0/Some.dll</HintPath></Reference></ItemGroup></Project>");
        _folder.Write(".git/HEAD", "");
        const string Command = "cmd:dotnet ef database update --project src/Shop";
        var before = await OfAsync(In(""), Command);

        _folder.Write("src/Other/1.cs", "");

        (await OfAsync(In(""), Command)).ShouldBe(before);
    }

    [Fact]
    public void Without_a_repository_a_project_whose_references_are_made_of_properties_is_unknown()
    {
        _folder.Write("Shop/Shop.csproj", "<Project><ItemGroup><ProjectReference Include=\"$(Sources)Data.csproj\" /></ItemGroup></Project>");

        CommandInputs.Of("dotnet ef database update --project Shop", _folder.Path).AreKnown.ShouldBeFalse();
    }

    [Fact]
    public async Task A_pipe_or_a_socket_in_a_folder_is_no_file()
    {
        _folder.Write("db/1.sql", "SELECT 1");
        var before = await OfAsync(In(""), "cmd:sh -c true ./db");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.Path, "db", "server.sock")));

        (await OfAsync(In(""), "cmd:sh -c true ./db")).ShouldBe(before);
    }

    [Theory]
    [InlineData("COPY book FROM '/books.csv' CSV;", false)]
    [InlineData("COPY book (id,\n  title)\nFROM '/books.csv';", false)]
    [InlineData("LOAD DATA LOCAL INFILE 'books.csv' INTO TABLE book;", false)]
    [InlineData("SELECT pg_read_file('/etc/motd');", false)]
    [InlineData("COPY book FROM stdin;\n1\n\\.\n", true)]
    [InlineData("SELECT 1 WHERE a IS DISTINCT FROM 'b';", true)]
    public void A_script_that_has_the_server_read_files_is_executed_in_each_run(string sql, bool isCached)
    {
        var settings = In("") with { Database = DatabaseEngine.PostgreSql, Template = [_folder.Write("schema.sql", sql)] };

        var source = new TemplateSourceParser(settings).ParseAll()[0];

        source.IsCached(settings).ShouldBe(isCached);
        // A server of the user's refuses it.
        source.IsCached(settings with { ConnectionString = "Host=localhost" }).ShouldBeTrue();
        (source with { Steps = source.Steps.Add(new WatchStep(_folder.Path, ".")) }).IsCached(settings).ShouldBeTrue();
    }

    [Fact]
    public async Task Scripts_are_found_in_either_case()
    {
        _folder.Write("db/V1__books.sql", "SELECT 1");
        var before = await OfAsync(In(""), "db");

        _folder.Write("db/V2__loans.SQL", "SELECT 2");

        (await OfAsync(In(""), "db")).ShouldNotBe(before);
    }

    [Fact]
    public void A_hooks_code_is_all_assemblies_beside_it()
    {
        var found = AssemblyIdentities.Of(typeof(TemplateFingerprintTests).Module);

        found.ShouldContain($"ConcurrentTesting.Tests.dll {typeof(TemplateFingerprintTests).Module.ModuleVersionId}");
        found.ShouldContain($"ConcurrentTesting.dll {typeof(TemplateHook).Module.ModuleVersionId}");
        // Only the engine refers to it.
        found.ShouldContain(one => one.StartsWith("Polly.Core.dll ", StringComparison.Ordinal));
        // Nothing refers to it.
        found.ShouldContain(one => one.StartsWith("xunit.runner.visualstudio.testadapter.dll ", StringComparison.Ordinal));
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
