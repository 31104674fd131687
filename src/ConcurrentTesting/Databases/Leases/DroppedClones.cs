namespace ConcurrentTesting.Databases.Leases;

/// <summary>Counts the clones that tests drop or replace, and says once what that means.</summary>
internal sealed class DroppedClones(DatabaseCounts counts, ILogger logger)
{
    private int _isSaid;

    public void Note(DatabaseClone clone, DatabaseState state)
    {
        if (state == DatabaseState.Own)
            return;
        counts.Add("dropped_by_tests", 1);
        if (Interlocked.Exchange(ref _isSaid, 1) == 0)
        {
            logger.LogInformation(
                "The tests drop their database ({Name}) and make one themselves, as EF Core's EnsureDeleted and EnsureCreated do: "
                + "they do not use what the template has; leave those calls out, or run without --test-template",
                clone.Name);
        }
    }
}
