using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>A view that cannot be made, and why.</summary>
internal sealed record UnmadeView(MySqlObject View, MySqlException Why);

/// <summary>Makes views in an order in which they can be made. A server makes a view whose definer it does not have, but none on top of
/// that: then all of them are made as our own at first, and get their definers from the top down.</summary>
/// <param name="make">Executes a view's statement; the flags say whether it replaces one, and whether it keeps its definer.</param>
internal sealed class MySqlViews(Func<MySqlObject, bool, bool, Task> make)
{
    public async Task<(ImmutableArray<MySqlObject> Made, ImmutableArray<UnmadeView> Left)> MakeAsync(ImmutableArray<MySqlObject> views)
    {
        var (made, left) = await MakeInRoundsAsync(views, view => make(view, false, true));
        if (!left.Any(unmade => unmade.Why.Number == MySqlFaults.NoSuchDefiner))
            return (made, left);
        (made, left) = await MakeInRoundsAsync([.. made, .. left.Select(unmade => unmade.View)], view => make(view, true, false));
        foreach (var view in made.Reverse())
            await make(view, true, true);
        return (made, left);
    }

    /// <summary>The views of a template that cannot be made again, because the tables or columns that they use have changed.</summary>
    public async Task<ImmutableArray<UnmadeView>> StaleAsync(
        MySqlAdmin admin, MySqlDefinition template, CancellationToken cancellationToken)
    {
        var unwell = (await UnwellAsync(admin, template, cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var stale = ImmutableArray.CreateBuilder<UnmadeView>();
        foreach (var view in template.Views.Where(view => unwell.Contains(view.Name)))
        {
            if (await TryAsync(view, found => make(found, true, true)) is { Number: not MySqlFaults.NoSuchDefiner } why)
                stale.Add(new UnmadeView(view, why));
        }

        return stale.ToImmutable();
    }

    /// <summary>The views about which the server complains: stale ones, or those of a definer that does not exist.</summary>
    private static async Task<IEnumerable<string>> UnwellAsync(
        MySqlAdmin admin, MySqlDefinition template, CancellationToken cancellationToken)
    {
        if (template.Views.IsEmpty)
            return [];
        var names = string.Join(", ", template.Views.Select(view => $"{Quote(template.Name)}.{Quote(view.Name)}"));
        var rows = await admin.QueryAsync(
            $"CHECK TABLE {names}", row => (Name: row.GetString(0), Type: row.GetString(2), Text: row.GetString(3)), cancellationToken);
        return rows.Where(row => row is not { Type: "status", Text: "OK" }).Select(row => row.Name[(template.Name.Length + 1)..]);
    }

    /// <summary>A view on a view that is not yet there waits for the next round.</summary>
    private static async Task<(ImmutableArray<MySqlObject> Made, ImmutableArray<UnmadeView> Left)> MakeInRoundsAsync(
        ImmutableArray<MySqlObject> views, Func<MySqlObject, Task> make)
    {
        var made = ImmutableArray.CreateBuilder<MySqlObject>(views.Length);
        var left = views.Select(view => new UnmadeView(view, null!)).ToImmutableArray();
        for (var before = -1; before != made.Count && !left.IsEmpty;)
        {
            before = made.Count;
            var waiting = ImmutableArray.CreateBuilder<UnmadeView>();
            foreach (var (view, _) in left)
            {
                if (await TryAsync(view, make) is { } why)
                    waiting.Add(new UnmadeView(view, why));
                else
                    made.Add(view);
            }

            left = waiting.ToImmutable();
        }

        return (made.ToImmutable(), left);
    }

    private static async Task<MySqlException?> TryAsync(MySqlObject view, Func<MySqlObject, Task> make)
    {
        try
        {
            await make(view);
            return null;
        }
        catch (MySqlException exception) when (MySqlFaults.Classify(exception) == FaultCause.None)
        {
            return exception;
        }
    }
}
