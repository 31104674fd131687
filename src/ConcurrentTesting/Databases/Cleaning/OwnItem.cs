namespace ConcurrentTesting.Databases.Cleaning;

/// <summary>Something that runs have made and that is still there.</summary>
/// <param name="Kind">
/// For people: <c>template</c>, <c>run's database</c>, <c>kept database</c>, <c>run's folder</c>, <c>template builder's account</c>.
/// </param>
/// <param name="Name">A database's name, or a path.</param>
/// <param name="IsInUse">A live run works with it.</param>
/// <param name="Bytes">Its size; null where it is not known.</param>
/// <param name="RemoveAsync">Removes it unless a run has taken it meanwhile; tells whether it is gone.</param>
internal sealed record OwnItem(string Kind, string Name, bool IsInUse, long? Bytes, Func<CancellationToken, Task<bool>> RemoveAsync)
{
    /// <summary>Why it is not ours to remove though nobody uses it; null: it may go.</summary>
    public string? Stays { get; init; }
}
