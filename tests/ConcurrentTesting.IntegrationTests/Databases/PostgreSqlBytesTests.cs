using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Template files are bytes, which mean here what they mean to psql.</summary>
[Collection("PostgreSQL")]
public sealed class PostgreSqlBytesTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    /// <summary>In Latin-1, with ~9B~ for the byte 9B.</summary>
    private static readonly (string Name, string Script)[] Scripts =
    [
        ("1-latin1.sql", """
            -- A dump as pg_dump -E LATIN1 writes it: für
            SET client_encoding = 'LATIN1';
            SET standard_conforming_strings = on;
            SELECT pg_catalog.set_config('search_path', '', false);
            CREATE TABLE public."straße" ("größe" text DEFAULT 'grün', b bytea);
            COMMENT ON TABLE public."straße" IS 'für';
            CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $ü$ SELECT 'ä' /* ö */ $ü$;
            CREATE VIEW public."blätter" AS SELECT 'ä'::text AS "ä", "größe" FROM public."straße";
            COPY public."straße" ("größe", b) FROM stdin WITH (DELIMITER '|');
            é;|\\xff9b
            \\.|\N
            \.
            INSERT INTO public."straße" VALUES (E'\'ü', '\x9b');
            """),
        ("2-changing.sql", """
            CREATE TABLE changing (n int, word text);
            INSERT INTO changing VALUES (1, '~C3~~A9~');
            \encoding WIN1252
            INSERT INTO changing VALUES (2, '~80~é');
            BEGIN;
            SET LOCAL client_encoding = 'LATIN9';
            INSERT INTO changing VALUES (3, '~A4~');
            COMMIT;
            INSERT INTO changing VALUES (4, '~80~');
            RESET client_encoding;
            INSERT INTO changing VALUES (5, '~C3~~A9~');
            COPY changing FROM stdin WITH (FORMAT csv, ENCODING 'LATIN1');
            6,é
            \.
            SET NAMES 'SJIS';
            INSERT INTO changing VALUES (7, E'~83~\\;'), (8, '~95~\');
            """),
        ("3-mark.sql", "~EF~~BB~~BF~CREATE TABLE marked (note text);\r\nINSERT INTO marked VALUES ('~C3~~A9~\r\n');\r\n"),
    ];

    [Fact]
    public async Task What_psql_makes_of_a_script_is_what_the_template_has()
    {
        var oracle = UniqueName();
        await AdminAsync($"CREATE DATABASE {oracle} TEMPLATE template0");
        var server = new NpgsqlConnectionStringBuilder(await Servers.PostgreSqlAsync());
        var environment = new Dictionary<string, string> { ["PGHOST"] = server.Host!, ["PGPORT"] = $"{server.Port}", ["PGUSER"] = server.Username!, ["PGCLIENTENCODING"] = "UTF8" };
        foreach (var (name, script) in Scripts)
        {
            var path = Folder.WriteBytes($"db/{name}", script);
            await ClientProgram.RunAsync($"psql -X -q -v ON_ERROR_STOP=1 -d {oracle} -f {path}", environment, CancellationToken);
        }

        await using var databases = await PreparedAsync(await SettingsAsync("db"));
        var lease = await databases.LeaseAsync(0, CancellationToken);

        // The key of \restrict is random.
        const string Dump = "pg_dump -E UTF8 $DATABASE | grep -v '^.\\(un\\)\\?restrict '";
        var expected = await ClientProgram.RunAsync(Dump, environment.With("DATABASE", oracle), CancellationToken);
        expected.ShouldContain("COPY public.changing");
        (await ClientProgram.RunAsync(Dump, environment.With("DATABASE", lease.Database!), CancellationToken)).ShouldBe(expected);
    }

    [Fact]
    public async Task Text_that_is_not_in_its_encoding_is_refused_before_anything_is_made()
    {
        Folder.WriteBytes("schema.sql", "CREATE TABLE book (title text);\nINSERT INTO book VALUES ('Grüße');");
        await using var databases = Create(await SettingsAsync("schema.sql"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldBe("schema.sql:2: byte 29 of the line, 0xFC, is not UTF-8: say what it is in the file's first line (SET client_encoding = 'LATIN1';), or save it as UTF-8");
    }

    [Theory]
    [InlineData("\\encoding EUC_JP\nSELECT '~FF~~FF~';", ConcurrentTestExitCode.BadSettings, "say what encoding the file is in")]
    [InlineData("CREATE TABLE t (a int); ALTER TABLE t OWNER TO nobody_here;", ConcurrentTestExitCode.Incomplete, "pg_dump --no-owner --no-privileges")]
    [InlineData("SET from_the_future = 0;", ConcurrentTestExitCode.Incomplete, "is the dump a newer server's?")]
    public async Task What_a_dump_needs_that_is_not_here_is_named_with_its_remedy(string script, ConcurrentTestExitCode exitCode, string remedy)
    {
        Folder.WriteBytes("schema.sql", $"{script}\n-- {Folder.Path}");
        await using var databases = Create(await SettingsAsync("schema.sql"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldContain(remedy);
        failure.ExitCode.ShouldBe(exitCode);
    }

    [Fact]
    public async Task What_the_server_says_of_a_statement_is_read_in_the_scripts_encoding()
    {
        Folder.WriteBytes("schema.sql", "SET client_encoding = 'LATIN1';\nCREATE TABLE book (id int);\nCOPY book FROM stdin;\n1\nfünf\n\\.\n");
        await using var databases = Create(await SettingsAsync("schema.sql"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldBe("schema.sql:3: statement 3 (COPY book FROM stdin) failed at line 5: invalid input syntax for type integer: \"fünf\" (22P02)");
    }
}

file static class Environments
{
    public static Dictionary<string, string> With(this Dictionary<string, string> environment, string name, string value) => new(environment) { [name] = value };
}
