namespace ConcurrentTesting;

/// <summary>What happens where the environment says production.</summary>
public enum ProductionFallback
{
    /// <summary>The run is refused.</summary>
    Refuse,

    /// <summary>The tests run one after another, without databases and variables of ours.</summary>
    Sequential,
}
