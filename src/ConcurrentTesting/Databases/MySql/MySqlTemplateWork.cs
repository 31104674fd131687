using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>One template under construction, whose events, which must not fire there, are taken out and kept in its mark.</summary>
internal sealed class MySqlTemplateWork(
    MySqlAdmin admin,
    MySqlServerFacts facts,
    MySqlSessions sessions,
    ServerContext context,
    TemplateSource source,
    string name) : ITemplateWork
{
    private readonly MySqlTemplateUser _user = new(admin, context.Secrets);
    private readonly MySqlDefiners _definers = new();

    /// <summary>Those of the database that it is a copy of.</summary>
    private IReadOnlyList<MySqlObject> _events = [];

    public ImmutableArray<string> OpenToAll => _user.OpenToAll;

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        if (source.Steps.OfType<ExistingDatabaseStep>().FirstOrDefault() is not { } existing)
        {
            await admin.ExecuteAsync($"CREATE DATABASE {Quote(name)}", cancellationToken);
            return;
        }

        var copy = new MySqlCopy(admin, facts, context.Logger);
        var definition = await MySqlDefinitionReader.ReadAsync(admin, existing.Name, cancellationToken);
        new MySqlCopyWarnings(context.Logger, facts).Warn(definition);
        definition = await copy.CopyAsync(definition, name, leavesOut: true, cancellationToken);
        await new MySqlComparison(admin, facts, copy)
            .RequireSameAsync(definition with { Events = [] }, name, isQuiet: false, cancellationToken);
        _events = [.. definition.Events.Select(found => found with { Sql = copy.Statement(definition, found, name) })];
    }

    public async Task<string?> CreateAsync(TemplateAccount account, CancellationToken cancellationToken)
    {
        await CreateAsync(cancellationToken);
        NotedAccounts.Note(context, FormattableString.Invariant($"{admin.Host}:{admin.Port}"), account.Name);
        return await _user.TryCreateAsync(account, name, cancellationToken);
    }

    public async Task ExecuteAsync(
        SqlFileStep script, TemplateAccount? account, Action<string, string, string>? refuse, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenPlainSessionAsync(name, cancellationToken, account);
        await new MySqlScript(session, script, account is null ? null : _definers, refuse).ExecuteAsync(cancellationToken);
    }

    public async Task<bool> HasContentAsync(CancellationToken cancellationToken) => (await admin.QueryAsync(
        """
        SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = ?)
            OR EXISTS (SELECT 1 FROM information_schema.routines WHERE routine_schema = ?)
        """,
        row => row.GetInt64(0) == 1,
        cancellationToken,
        name,
        name))[0];

    public bool IsDenied(Exception exception) => MySqlFaults.IsDenied(exception);

    public async Task<int> SealAsync(
        TemplateAccount? account,
        bool isCached,
        DateTimeOffset now,
        Func<CancellationToken, Task> requireLock,
        CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAsync(name, cancellationToken);
        var definition = await MySqlDefinitionReader.ReadAsync(admin, name, cancellationToken);
        var copy = new MySqlCopy(admin, facts, context.Logger);
        definition = await copy.WithoutStaleViewsAsync(definition, cancellationToken);
        if (account is not null && definition.Objects.Any())
            definition = await copy.GiveAwayAsync(definition, found => DefinerOf(found, account), cancellationToken);
        foreach (var found in definition.Events)
            await admin.ExecuteAsync($"DROP EVENT {Quote(name)}.{Quote(found.Name)}", cancellationToken);
        await requireLock(cancellationToken);
        await new MySqlMark(admin).CompleteAsync(name, now, [.. _events, .. definition.Events], cancellationToken);
        return ended;
    }

    /// <summary>The definer that the script names, else the given account.</summary>
    private string DefinerOf(MySqlObject found, TemplateAccount account) =>
        found.Definer == MySqlTemplateUser.Definer(account) ? _definers.Of(found) ?? facts.User : found.Definer;
}
