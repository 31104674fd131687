namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>Finds out which part of the tests this machine runs. Whatever is not certain is refused: a guess would leave tests
/// out.</summary>
internal static class ShardChoice
{
    private const string StatusFile = "TEST_SHARD_STATUS_FILE";

    private static readonly string Known = string.Join(", ", ShardHost.All.Select(host => host.Name));

    /// <summary>The part of <c>--test-shard</c>; null: all of the tests.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="planned">The number of parts that a plan has; null: there is no plan.</param>
    /// <exception cref="ConcurrentTestException">The host does not tell, tells nonsense, or others tell something else.</exception>
    public static Shard? Of(ConcurrentTestSettings settings, Func<string, string?> variable, int? planned)
    {
        if (settings.Shard is not { } text)
        {
            return planned is null
                ? null
                : throw Wrong(
                    "--test-plan has parts, and nothing says which of them to run: add --test-shard i/n, or --test-shard auto on a CI host that numbers its jobs.");
        }

        var shard = Shard.IsAuto(text) ? OfHost(settings, variable, planned ?? settings.ShardCount)
            : Shard.Read(text) ?? throw Wrong($"--test-shard {text}: it takes i/n with i from 1 to n and n up to {Shard.Most}, or auto.");
        Require(shard, "--test-shard-count", settings.ShardCount);
        Require(shard, "the plan", planned);
        return shard;
    }

    /// <summary>Tells Bazel that the parts are honoured; without that it takes each part for all of the tests.</summary>
    public static void Announce(Func<string, string?> variable)
    {
        if (variable(StatusFile) is not { Length: > 0 } file)
            return;
        try
        {
            File.AppendAllText(file, "");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"{StatusFile} {file} cannot be written: {exception.Message}");
        }
    }

    private static Shard OfHost(ConcurrentTestSettings settings, Func<string, string?> variable, int? count)
    {
        var told = ShardHost.All.Select(host => (host.Name, Shard: Told(host, variable, count))).Append(
            (Name: "--partition", Shard: Partition(settings)))
            .Where(host => host.Shard is not null).Select(host => (host.Name, Shard: host.Shard!.Value)).ToList();

        // Some hosts tell every job that it is 1 of 1, which says nothing where another host divides.
        var dividing = told.Where(host => host.Shard.Of > 1).ToList();
        var candidates = dividing.Count > 0 ? dividing : told;
        if (candidates.Count == 0)
        {
            throw Wrong(
                $"--test-shard auto: no variable of {Known} is set and there is no --partition; on GitHub Actions give --test-shard i/n from the matrix.");
        }

        return candidates.DistinctBy(host => host.Shard).Count() == 1
            ? candidates[0].Shard
            : throw Wrong(
                "--test-shard auto: " + string.Join(", ", candidates.Select(host => $"{host.Name} says {host.Shard}"))
                + "; choose by --test-shard i/n.");
    }

    private static Shard? Partition(ConcurrentTestSettings settings) => settings.Partition is { } text
        ? Shard.Read(text) ?? throw Wrong($"--partition {text}: it takes i/n with i from 1 to n and n up to {Shard.Most}.")
        : null;

    private static Shard? Told(ShardHost host, Func<string, string?> variable, int? count)
    {
        var (index, total) = (Value(host.Index, variable), host.Count is { } name ? Value(name, variable) : count);
        if (index is null)
            return NoIndex(host, total);
        if (total is null)
        {
            throw Wrong(
                $"--test-shard auto: {host.Name} says {host.Index}={index} but not how many parts there are; {(host.Count is { } missing ? $"set {missing}, or " : "")}give --test-shard-count or --test-plan.");
        }

        var shard = new Shard(index.Value - host.First + 1, total.Value);
        return shard.IsValid ? shard
            : throw Wrong(
                $"--test-shard auto: {host.Index}={index} is no part of {total} (of {host.Name}, the first part is {host.First}, and there are up to {Shard.Most}).");
    }

    // A job that is not divided may have only the number of parts, which is 1.
    private static Shard? NoIndex(ShardHost host, int? total) => host.Count is null || total is null ? null
        : total == 1 ? new Shard(1, 1)
        : throw Wrong($"--test-shard auto: {host.Name} gives {host.Count}={total} but no {host.Index}; choose by --test-shard i/n.");

    private static int? Value(string name, Func<string, string?> variable) => variable(name) is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < int.MaxValue ? number
        : throw Wrong($"--test-shard auto: {name}={text} is no whole number from 0; choose by --test-shard i/n.");

    private static void Require(Shard shard, string what, int? count)
    {
        if (count is { } parts && parts != shard.Of)
        {
            throw Wrong(
                $"--test-shard {shard}: {what} says {Quantity.Of(parts, "part")}, not {shard.Of}; all machines and the plan must agree.");
        }
    }

    private static ConcurrentTestException Wrong(string message) => new(ConcurrentTestExitCode.BadSettings, message);
}
