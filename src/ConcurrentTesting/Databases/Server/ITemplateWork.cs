using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>One template under construction.</summary>
internal interface ITemplateWork
{
    /// <summary>Other databases that the account reaches, because every user may.</summary>
    ImmutableArray<string> OpenToAll { get; }

    /// <summary>Makes the database, empty or as a copy of one that exists.</summary>
    Task CreateAsync(CancellationToken cancellationToken);

    /// <summary>Makes the database and an account with all rights in it and none elsewhere.</summary>
    /// <returns>Why the account cannot be used, so that the database belongs to the given account; null where it can.</returns>
    Task<string?> CreateAsync(TemplateAccount account, CancellationToken cancellationToken);

    /// <param name="account">Who executes it; null: the given account.</param>
    /// <param name="refuse">
    /// Refuses a statement (where it is, why, what to do instead) that reaches beyond the database; null: nothing is.
    /// </param>
    Task ExecuteAsync(
        SqlFileStep script, TemplateAccount? account, Action<string, string, string>? refuse, CancellationToken cancellationToken);

    Task<bool> HasContentAsync(CancellationToken cancellationToken);

    /// <summary>Whether an error, a driver's, says that a right is missing.</summary>
    bool IsDenied(Exception exception);

    /// <summary>Ends the sessions inside, gives what an account has made to the given account, takes out what must not go on in a template,
    /// and marks it as complete in one step, the last.</summary>
    /// <param name="account">Who built it; null: the given account.</param>
    /// <param name="isCached">It stays between runs, and other users may copy it.</param>
    /// <param name="requireLock">Is awaited right before the mark.</param>
    /// <returns>How many sessions of others were ended.</returns>
    Task<int> SealAsync(
        TemplateAccount? account,
        bool isCached,
        DateTimeOffset now,
        Func<CancellationToken, Task> requireLock,
        CancellationToken cancellationToken);
}
