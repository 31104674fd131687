using ConcurrentTesting.Databases.Server;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Warns of what copies of a database lack or have differently because the server allows nothing else.</summary>
internal sealed class MySqlCopyWarnings(ILogger logger, MySqlServerFacts facts)
{
    public void Warn(MySqlDefinition source)
    {
        foreach (var table in source.Tables.Where(table => table.IsVersioned))
            logger.LogWarning("The table {Table} keeps a history: copies have only its current rows", table.Name);
        foreach (var table in source.Tables.Where(table => !table.HasOwnRows))
        {
            logger.LogWarning(
                "The table {Table} of the engine {Engine} stores its rows elsewhere: its copies are made without rows and reach the same place",
                table.Name, table.Engine);
        }

        foreach (var others in source.Objects.Where(found => !facts.MayDefineFor(found.Definer)).GroupBy(found => found.Definer))
        {
            logger.LogWarning(
                "In copies, {Objects} belong to {User} instead of {Definer}: {Right} is missing",
                string.Join(", ", others),
                facts.User,
                others.Key,
                facts.IsMariaDb ? "the right SET USER" : "the right SET_USER_ID (SET_ANY_DEFINER from 8.2 on)");
        }

        if (OwnDatabaseName.Parse(source.Name) is null)
            WarnOfNames(source);
    }

    private void WarnOfNames(MySqlDefinition source)
    {
        foreach (var found in source.Routines.Concat(source.Triggers).Concat(source.Events).Where(
            found => MySqlText.Names(found.Sql, source.Name)))
        {
            logger.LogWarning(
                "The {Object} names the database {Database}: its copies reach it from every worker's database{Remedy}; leave the name out",
                found,
                source.Name,
                found.Kind == "EVENT" ? ", so they are made disabled" : "");
        }
    }
}
