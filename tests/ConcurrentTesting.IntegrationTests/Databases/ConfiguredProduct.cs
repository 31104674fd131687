using System.Collections.Concurrent;
using System.Collections.Immutable;
using ConcurrentTesting.Databases.Throwaway;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>A server as somebody else might have set it up: the product's own, with arguments that override its.</summary>
/// <param name="files">Empty files in the data directory: <c>standby.signal</c>.</param>
internal sealed class ConfiguredProduct(IServerProduct product, ImmutableArray<string> arguments, params string[] files) : IServerProduct
{
    private readonly ConcurrentDictionary<string, ServerLaunch> _launches = new();

    public string Name => product.Name;

    public ImmutableArray<string> Facts => [.. product.Facts, .. arguments, .. files];

    public string StopSignal => product.StopSignal;

    public string KillSignal => product.KillSignal;

    public async Task InitializeAsync(string dataDirectory, ServerAccount account, CancellationToken cancellationToken)
    {
        await product.InitializeAsync(dataDirectory, account, cancellationToken);
        foreach (var file in files)
            await File.WriteAllTextAsync(Path.Combine(dataDirectory, file), "", cancellationToken);
    }

    /// <summary>A server that is started again has the address that it had.</summary>
    public ServerLaunch Launch(string dataDirectory, string socketDirectory, bool isInMemory) => _launches.GetOrAdd(dataDirectory, _ =>
    {
        var launch = product.Launch(dataDirectory, socketDirectory, isInMemory);
        return launch with { CommandLine = [.. launch.CommandLine, .. arguments] };
    });

    public ImmutableArray<string> KeptCommandLine(string dataDirectory, string socketDirectory) =>
        [.. product.KeptCommandLine(dataDirectory, socketDirectory), .. arguments];

    public Task<bool> IsReadyAsync(string dataDirectory, string socketDirectory, CancellationToken cancellationToken) =>
        product.IsReadyAsync(dataDirectory, socketDirectory, cancellationToken);
}
