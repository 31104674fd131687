namespace ConcurrentTesting.Record;

/// <summary>Where the files lie that a record names: results move, from a CI job to the next or from machine to machine.</summary>
internal static class RecordPlace
{
    /// <summary>The record with every path of the run's results directory in another folder.</summary>
    public static RunRecord Move(RunRecord record, string folder)
    {
        var from = record.Settings.ResultsDirectory;
        if (from == folder)
            return record;
        return record with
        {
            Settings = record.Settings with { ResultsDirectory = folder, JUnitFile = JUnitIn(record.Settings.JUnitFile, from, folder) },
            Tests = [.. record.Tests.Select(test => Move(test, from, folder))],
            Batches = [.. record.Batches.Select(batch => Move(batch, from, folder))],
        };
    }

    // Few tests attach something.
    private static TestRecord Move(TestRecord test, string from, string folder) =>
        test.Attempts.All(attempt => attempt.Attachments.IsEmpty)
            ? test
            : test with { Attempts = [.. test.Attempts.Select(attempt => Move(attempt, from, folder))] };

    private static TestAttempt Move(TestAttempt attempt, string from, string folder) =>
        attempt.Attachments.IsEmpty
            ? attempt
            : attempt with { Attachments = [.. attempt.Attachments.Select(file => Move(file, from, folder))] };

    private static BatchRecord Move(BatchRecord batch, string from, string folder) => batch with
    {
        TrxFile = batch.TrxFile is { } trx ? Move(trx, from, folder) : null,
        Coverage = batch.Coverage is { } coverage ? [.. coverage.Select(file => Move(file, from, folder))] : null,
    };

    // A run's JUnit file outside of its folder is not written again.
    private static string JUnitIn(string? file, string from, string folder) =>
        file is not null && Move(file, from, folder) is var moved && moved != file ? moved : Path.Combine(folder, ArtifactNames.JUnit);

    // The machine that wrote the path may separate folders by another character.
    private static string Move(string file, string from, string folder) =>
        file.Length > from.Length && file.StartsWith(from, StringComparison.Ordinal) && file[from.Length] is '/' or '\\'
            ? Path.Combine(folder, file[(from.Length + 1)..].Replace('\\', '/'))
            : file;
}
