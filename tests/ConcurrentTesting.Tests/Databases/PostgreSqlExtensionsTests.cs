using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Templates.Scripts;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class PostgreSqlExtensionsTests
{
    [Theory]
    [InlineData("CREATE EXTENSION Hstore", "CREATE|hstore|False||")]
    [InlineData("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public", "CREATE|pg_trgm|True|public|")]
    [InlineData("create extension \"uuid-ossp\" schema \"My Ext\" version '1.1' cascade", "CREATE|uuid-ossp|False|My Ext|version '1.1' cascade")]
    [InlineData("ALTER EXTENSION postgis UPDATE TO '3.4'", "ALTER|postgis|False||UPDATE TO '3.4'")]
    [InlineData("ALTER EXTENSION postgis SET SCHEMA ext", "ALTER|postgis|False||SET SCHEMA ext")]
    [InlineData("DROP EXTENSION IF EXISTS hstore CASCADE", "DROP|hstore|True||CASCADE")]
    public void A_plain_statement_about_an_extension_is_read(string sql, string read) => Read(sql).ShouldBe(read);

    [Theory]
    [InlineData("CREATE EXTENSION hstore FROM unpackaged")]
    [InlineData("ALTER EXTENSION hstore ADD TABLE t")]
    [InlineData("DROP EXTENSION hstore, dblink")]
    [InlineData("COMMENT ON EXTENSION hstore IS 'CREATE EXTENSION dblink'")]
    public void Any_other_statement_is_left_to_the_role(string sql) => Read(sql).ShouldBeNull();

    [Theory]
    [InlineData("citext", true)]
    [InlineData("dblink", false)]
    [InlineData("postgres_fdw", false)]
    [InlineData("plpython3u", false)]
    [InlineData("mine", true)]
    public void Only_what_is_harmless_or_named_is_made(string name, bool isMade) =>
        PostgreSqlExtensions.MayBeMade(name, new ConcurrentTestSettings { TemplateExtensions = ["mine"] }).ShouldBe(isMade);

    private static string? Read(string sql) =>
        PostgreSqlExtensions.Read(SqlScriptReader.Read(sql, SqlDialect.PostgreSql).ShouldHaveSingleItem()) is { } found
            ? string.Join('|', found.Verb, found.Name, found.IsConditional, found.Schema, found.Rest)
            : null;
}
