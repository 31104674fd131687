namespace ConcurrentTesting.Catalog;

/// <summary>What somebody who mistyped a name most likely meant.</summary>
internal static class NearestName
{
    public static string Of(string typed, IEnumerable<string> names) =>
        names.MinBy(name => Distance(typed.ToUpperInvariant(), name.ToUpperInvariant()))!;

    /// <summary>Whether somebody who typed this may well have meant one of the names: two slips at most, or a part of it.</summary>
    public static bool IsNear(string typed, IEnumerable<string> names) => names.Any(name =>
        name.Contains(typed, StringComparison.OrdinalIgnoreCase) || Distance(typed.ToUpperInvariant(), name.ToUpperInvariant()) <= 2);

    // This is optimal string alignment: it counts insertions, deletions, substitutions and swaps of neighbours.
    private static int Distance(string left, string right)
    {
        var costs = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            costs[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            costs[0, j] = j;

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
                costs[i, j] = Math.Min(Edit(costs, left, right, i, j), Swap(costs, left, right, i, j));
        }

        return costs[left.Length, right.Length];
    }

    private static int Edit(int[,] costs, string left, string right, int i, int j) =>
        Math.Min(
            Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1,
            costs[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1));

    private static int Swap(int[,] costs, string left, string right, int i, int j) =>
        i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] ? costs[i - 2, j - 2] + 1 : int.MaxValue;
}
