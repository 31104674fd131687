using System.Globalization;

namespace Lending.Tests;

/// <summary>How many rows each table holds.</summary>
public static class RowCounts
{
    private static readonly string[] Relations =
        ["branches", "authors", "books", "copies", "tiers", "members", "loans", "reservations", "fines", "notices"];

    public static async Task<IReadOnlyDictionary<string, long>> ReadAsync(LendingDatabase database)
    {
        await using var connection = await database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT " + string.Join(", ", Relations.Select(relation => $"(SELECT COUNT(*) FROM {relation})"));
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return Relations
            .Select((relation, index) => (relation, Convert.ToInt64(reader.GetValue(index), CultureInfo.InvariantCulture)))
            .ToDictionary(pair => pair.relation, pair => pair.Item2);
    }
}
