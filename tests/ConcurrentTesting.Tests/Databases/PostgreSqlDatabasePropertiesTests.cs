using ConcurrentTesting.Databases.PostgreSql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class PostgreSqlDatabasePropertiesTests
{
    [Theory]
    [InlineData("\"$user\", public", "$user|public")]
    [InlineData("a,b , c", "a|b|c")]
    [InlineData("\"with \"\"quotes\"\", and comma\", x", "with \"quotes\", and comma|x")]
    [InlineData("", "")]
    public void A_list_is_taken_apart_as_the_catalog_writes_it(string list, string elements) =>
        string.Join('|', PostgreSqlDatabaseProperties.Elements(list)).ShouldBe(elements);

    [Fact]
    public void Names_and_values_are_quoted()
    {
        var properties = new PostgreSqlDatabaseProperties(
            "o\"w", [new("PUBLIC", "CONNECT", false), new("\"R\"", "TEMPORARY", true)], [new(null, "app.x", "it's"), new("r", "search_path", "a, \"B,c\"")]);

        properties.StatementsFor("d\"b").ShouldBe(
        [
            "REVOKE ALL ON DATABASE \"d\"\"b\" FROM PUBLIC, \"o\"\"w\"",
            "GRANT CONNECT ON DATABASE \"d\"\"b\" TO PUBLIC",
            "GRANT TEMPORARY ON DATABASE \"d\"\"b\" TO \"R\" WITH GRANT OPTION",
            "ALTER DATABASE \"d\"\"b\" SET \"app.x\" TO 'it''s'",
            "ALTER ROLE \"r\" IN DATABASE \"d\"\"b\" SET \"search_path\" TO 'a', 'B,c'",
        ]);
    }
}
