namespace ConcurrentTesting.Databases.Server;

/// <summary>Reads <see cref="ConcurrentTestSettings.DatabaseSettings"/>.</summary>
internal static class DatabaseSettingList
{
    /// <exception cref="ConcurrentTestException">An entry is not <c>name=value</c>.</exception>
    public static IEnumerable<(string Name, string Value)> Parse(IEnumerable<string> entries)
    {
        foreach (var entry in entries)
        {
            var parts = entry.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || parts[0].Length == 0)
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.BadSettings,
                    $"--test-database-settings '{entry}': write it as name=value, for example statement_timeout=30s");
            }

            yield return (parts[0], parts[1]);
        }
    }
}
