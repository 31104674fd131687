namespace ConcurrentTesting.Safety;

/// <summary>What <c>--test-allow</c> takes: one name for each thing that is refused.</summary>
/// <param name="Meaning">What is refused without it.</param>
internal sealed record GuardName(string Name, string Meaning)
{
    public static readonly GuardName ProductionEnvironment =
        new("production-environment", "DOTNET_ENVIRONMENT, ASPNETCORE_ENVIRONMENT or NUKE_ENVIRONMENT says production");

    public static readonly GuardName RemoteServer =
        new("remote-server", "a server that is neither this machine, a container beside it nor listed in --test-allowed-hosts");

    public static readonly GuardName StandbyServer = new("standby-server", "a server in recovery or read only: somebody's standby");

    public static readonly GuardName ReplicatedServer = new("replicated-server", "a server that others replicate from");

    public static readonly GuardName ArchivingServer = new("archiving-server", "a server that archives its log, as production servers do");

    public static readonly GuardName ReachingSql =
        new("reaching-sql", "a template script with statements that reach beyond its own database");

    public static ImmutableArray<GuardName> All { get; } =
        [ProductionEnvironment, RemoteServer, StandbyServer, ReplicatedServer, ArchivingServer, ReachingSql];
}
