using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>The run for which work is done on a server, and the services that it needs.</summary>
/// <param name="IsOurs">
/// The server is a throwaway one of this run's: nobody else's data is on it, and durability is nobody's concern.
/// </param>
internal sealed record ServerContext(
    ConcurrentTestSettings Settings,
    string RunId,
    bool IsOurs,
    ImmutableArray<TemplateSource> Sources,
    Guards Guards,
    Redactor Secrets,
    ILogger Logger,
    TimeProvider Time);
