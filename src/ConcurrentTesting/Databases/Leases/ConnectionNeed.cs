using System.Data.Common;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Compares the connections that the workers' pools may open with those that the server takes.</summary>
internal static class ConnectionNeed
{
    /// <summary>Npgsql's and MySqlConnector's.</summary>
    private const int DefaultPool = 100;

    private static readonly string[] PoolSizes = ["Maximum Pool Size", "Max Pool Size", "MaximumPoolSize", "MaxPoolSize"];

    /// <param name="limit">What is left for tests on a server.</param>
    /// <param name="workers">Those that share it.</param>
    /// <param name="variables">
    /// A worker's, with the patterns that they are made from; those count that hold a connection string.
    /// </param>
    public static void Tell(
        int limit, int workers, IReadOnlyCollection<(EnvironmentPattern Pattern, string Value)> variables, ILogger logger)
    {
        var pools = variables.Select(variable => Read(variable.Value)).OfType<Pool>()
            .GroupBy(pool => pool.Database, (_, same) => same.MaxBy(pool => pool.Size)!)
            .ToArray();
        var ofWorker = pools.Sum(pool => pool.Size);
        if (ofWorker * (long)workers <= limit)
            return;
        var fitting = Math.Max(1, limit / Math.Max(1, workers * pools.Length));
        // It is a warning only where somebody set a pool's size: hardly any test needs the hundred connections of the drivers' default.
        logger.Log(
            pools.Any(pool => pool.IsGiven) ? LogLevel.Warning : LogLevel.Information,
            "{Workers} with pools of {Pool} connections may open {Need}, and the server takes {Limit} of them (max_connections): "
            + "where that fails, raise max_connections, use fewer --workers, or --test-environment {Variables}",
            Quantity.Of(workers, "worker"),
            ofWorker,
            ofWorker * (long)workers,
            limit,
            // The parameter replaces all patterns, so the proposal repeats the others too.
            string.Join(' ', variables.Select(variable => Read(variable.Value) is null
                ? $"'{RecordedSettings.Shown(variable.Pattern)}'"
                : $"'{RecordedSettings.Shown(variable.Pattern)};Maximum Pool Size={fitting.ToString(CultureInfo.InvariantCulture)}'")));
    }

    private sealed record Pool(string Database, int Size, bool IsGiven);

    private static Pool? Read(string value)
    {
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = value };
            var isPooled = !string.Equals(Text(parts, "Pooling"), "false", StringComparison.OrdinalIgnoreCase);
            if (!isPooled || Text(parts, "Database") is not { } database)
                return null;
            var given = PoolSizes.Select(name => Text(parts, name)).FirstOrDefault(size => size is not null);
            var isGiven = int.TryParse(given, CultureInfo.InvariantCulture, out var size);
            return new Pool(database, isGiven ? size : DefaultPool, isGiven);
        }
        catch (ArgumentException)
        {
            // The value is not a connection string.
            return null;
        }
    }

    private static string? Text(DbConnectionStringBuilder parts, string name) =>
        parts.TryGetValue(name, out var value) ? value.ToString() : null;
}
