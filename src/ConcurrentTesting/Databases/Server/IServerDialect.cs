using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>The operations of one kind of server, in its own SQL. <see cref="ServerEngine"/> and the rest of this folder decide when
/// something is done and whether it may be; a dialect only does what it is asked for. Several workers may call it at once.</summary>
internal interface IServerDialect : ILockServer, IAsyncDisposable
{
    /// <summary><c>postgresql</c> or <c>mysql</c>.</summary>
    string Name { get; }

    /// <summary>A name, an address, or the path of a socket.</summary>
    string Host { get; }

    /// <summary>How many clones may be made at once.</summary>
    int MostClones { get; }

    /// <summary>Asks whether the run can and may work here.</summary>
    /// <exception cref="ConcurrentTestException">It cannot, or must not.</exception>
    Task<ServerFacts> CheckAsync(CancellationToken cancellationToken);

    /// <summary>How many connections tests may have.</summary>
    Task<int> ReadConnectionLimitAsync(CancellationToken cancellationToken);

    /// <summary>How long ago the server was started.</summary>
    Task<TimeSpan> ReadUptimeAsync(CancellationToken cancellationToken);

    /// <summary>The server's message, without what it quotes of data.</summary>
    string Describe(Exception exception);

    /// <param name="account">Who connects; null: the given account.</param>
    ConnectionValues ConnectionTo(string database, TemplateAccount? account = null);

    /// <summary>The names with this beginning of databases that we may drop, as far as the server tells.</summary>
    Task<IReadOnlyList<string>> ListOwnAsync(string prefix, CancellationToken cancellationToken);

    /// <returns>Bytes, 0 where the server does not tell.</returns>
    Task<long> SizeOfAsync(string database, CancellationToken cancellationToken);

    /// <summary>Drops a database, if it is there, and first ends the sessions that are in the way.</summary>
    /// <returns>False where a session still holds it and another attempt may succeed.</returns>
    Task<bool> TryDropAsync(string database, CancellationToken cancellationToken);

    /// <summary>Ends the sessions that are inside a database or at work on it.</summary>
    /// <returns>How many there were.</returns>
    Task<int> EndSessionsAsync(string database, CancellationToken cancellationToken);

    /// <summary>Begins a template's database, which does not exist yet.</summary>
    ITemplateWork Build(TemplateSource source, string name);

    /// <returns>Null where there is no such database.</returns>
    Task<CachedTemplate?> FindTemplateAsync(string name, CancellationToken cancellationToken);

    /// <summary>The databases that are named like templates, with their sizes.</summary>
    Task<IReadOnlyList<CachedTemplate>> ListTemplatesAsync(CancellationToken cancellationToken);

    /// <summary>Notes in a template when it was used.</summary>
    Task TouchAsync(string template, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Makes a template an ordinary database that can be dropped.</summary>
    Task UnsealAsync(string template, CancellationToken cancellationToken);

    /// <summary>Reads from a template what making its clones needs.</summary>
    Task LearnAsync(string template, CancellationToken cancellationToken);

    /// <summary>Makes a copy, with the settings of the run.</summary>
    Task CloneAsync(string template, string clone, CancellationToken cancellationToken);

    /// <summary>Asks from outside, so that a test's database counts no session but the tests' own; throws where it is not usable.</summary>
    Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>The counts of a clone, less what copying the template counted.</summary>
    Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>Gives a clone that nobody uses another name, or makes a copy under that name.</summary>
    /// <returns>Whether the old name is gone.</returns>
    Task<bool> MoveAsync(string clone, string name, CancellationToken cancellationToken);

    /// <summary>A command that opens a database, without any password.</summary>
    Task<string> HowToOpenAsync(string database, CancellationToken cancellationToken);

    /// <summary>The clone was dropped: the dialect may forget what it remembers of it.</summary>
    void Forget(string clone);

    /// <summary>The accounts that are named like those that build templates, if we may make and drop any.</summary>
    Task<IReadOnlyList<string>> ListAccountsAsync(CancellationToken cancellationToken);

    /// <summary>The databases that such an account owns, where databases have owners.</summary>
    Task<IReadOnlyList<string>> ListOwnedAsync(string account, CancellationToken cancellationToken);

    /// <summary>Drops such an account if it exists; it owns nothing.</summary>
    Task DropAccountAsync(string account, CancellationToken cancellationToken);
}
