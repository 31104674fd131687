using System.Data.Common;
using ConcurrentTesting.Databases.Cleaning;

namespace ConcurrentTesting;

/// <summary>Lists and removes what runs have made and left or kept: templates, databases of failed tests, leftovers of killed runs (the
/// accounts that build templates among them), on this machine and on the server that the settings name. What a live run uses stays, and
/// anything without our name and mark is never touched.</summary>
public sealed class ConcurrentTestCleaning
{
    private readonly ConcurrentTestSettings _settings;
    private readonly ILogger _logger;
    private readonly Guards _guards;
    private readonly Redactor _secrets;

    private ConcurrentTestCleaning(ConcurrentTestSettings settings, ILogger logger)
    {
        _settings = settings;
        _logger = logger;
        _guards = new Guards(settings, logger);
        _secrets = Redactor.Of(settings);
    }

    /// <summary>Removes what can be removed, or with <see cref="ConcurrentTestSettings.DryRun"/> only lists it.</summary>
    /// <returns>The names of what could not be removed though no run uses it; empty where all went well.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused, or the server cannot be reached.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default) =>
        await new ConcurrentTestCleaning(settings, logger).RunAsync(cancellationToken);

    private async Task<ImmutableArray<string>> RunAsync(CancellationToken cancellationToken)
    {
        // A cleaning has no serial mode to fall back to: production is refused whatever the fallback says.
        ProductionEnvironment.Check(
            _settings with { ProductionFallback = ProductionFallback.Refuse }, _guards, Environment.GetEnvironmentVariable, _logger);
        try
        {
            await using var server = await ServerInventory.OpenAsync(
                _settings, _guards, _secrets, _logger, TimeProvider.System, cancellationToken);
            var local = await new LocalInventory(_settings, _logger, TimeProvider.System).ListAsync(cancellationToken);
            var onServer = server is null ? [] : await server.ListAsync(cancellationToken);
            return await CleanAsync([.. onServer, .. local], cancellationToken);
        }
        catch (DbException exception)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, _secrets.Redact($"cleaning the database server failed: {exception.Message}"), exception);
        }
    }

    private async Task<ImmutableArray<string>> CleanAsync(ImmutableArray<OwnItem> items, CancellationToken cancellationToken)
    {
        var resisting = ImmutableArray.CreateBuilder<string>();
        var removed = 0;
        foreach (var item in items)
        {
            if (item.Stays is { } why)
                Tell(item, why);
            else if (item.IsInUse || _settings.DryRun)
                Tell(item, item.IsInUse ? "in use, stays" : "would be removed");
            else if (await TryRemoveAsync(item, cancellationToken))
                removed++;
            else
                resisting.Add(item.Name);
        }

        Tell(items, removed);
        return resisting.ToImmutable();
    }

    private void Tell(ImmutableArray<OwnItem> items, int removed) =>
        _logger.LogInformation(
            "{Did} {Count} of {All} templates, databases and leftovers; {InUse} in use",
            _settings.DryRun ? "Would remove" : "Removed",
            _settings.DryRun ? items.Count(item => item.Stays is null && !item.IsInUse) : removed,
            items.Length,
            items.Count(item => item.IsInUse));

    private async Task<bool> TryRemoveAsync(OwnItem item, CancellationToken cancellationToken)
    {
        try
        {
            var isGone = await item.RemoveAsync(cancellationToken);
            Tell(item, isGone ? "removed" : "could not be removed");
            return isGone;
        }
        catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("{Kind} {Name} could not be removed: {Reason}", item.Kind, item.Name, _secrets.Redact(exception.Message));
            return false;
        }
    }

    private void Tell(OwnItem item, string fate) =>
        _logger.LogInformation(
            "{Kind} {Name}{Size}: {Fate}", item.Kind, item.Name,
            item.Bytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $" ({bytes / 1048576.0:0.0} MiB)") : "", fate);
}
