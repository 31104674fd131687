using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>Reads and writes <c>plan.json</c>. The same plan gives the same bytes.</summary>
internal static class ShardPlanFile
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
    };

    public static byte[] Write(ShardPlan plan) => JsonSerializer.SerializeToUtf8Bytes(plan, Format);

    /// <summary>What tells a plan from all others.</summary>
    public static string HashOf(ShardPlan plan) => Convert.ToHexStringLower(SHA256.HashData(Write(plan)));

    /// <exception cref="ConcurrentTestException">
    /// There is no such file, it is damaged, of a later version, or was changed by hand.
    /// </exception>
    public static ShardPlan Read(string file)
    {
        try
        {
            return Parse(File.ReadAllBytes(file));
        }
        catch (Exception exception) when (exception is JsonException
            or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-plan {file} cannot be read: {exception.Message.TrimEnd('.')}. Give the plan.json that ConcurrentTestPlan of this version wrote.",
                exception);
        }
    }

    /// <exception cref="JsonException">It is no plan of a version that is known, or its parts are not what it says of them.</exception>
    public static ShardPlan Parse(ReadOnlySpan<byte> json)
    {
        var plan = WrittenPlan.Read(json);
        if ((plan?.Version ?? VersionOf(json)) is var version && version != ShardPlan.CurrentVersion)
            throw new JsonException(FormattableString.Invariant($"it is of version {version}, and {ShardPlan.CurrentVersion} is known"));
        plan ??= JsonSerializer.Deserialize<ShardPlan>(json, Format) ?? throw new JsonException("it is empty");
        return Flaw(plan) is { } flaw ? throw new JsonException(flaw) : plan;
    }

    private static int VersionOf(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<Versioned>(json, Format)?.Version ?? throw new JsonException("it is empty");

    private static string? Flaw(ShardPlan plan)
    {
        if (plan.Parts.IsDefaultOrEmpty || plan.Parts.Length > Shard.Most)
            return FormattableString.Invariant($"it has no parts, or more than {Shard.Most}");
        if (plan.Parts.Any(Lacks))
            return "a part of it lacks its classes";
        if (plan.Parts.Select((part, index) => part.Part != index + 1).Any(isWrong => isWrong))
            return "its parts are not numbered from 1 on";
        if (plan.Parts.SelectMany(part => part.Classes).GroupBy(type => (type.Assembly, type.Class)).FirstOrDefault(
            types => types.Count() > 1) is { } twice)
            return $"{twice.Key.Class} is in it twice";
        return IsAsMade(plan) ? null : "its tests are not those that it was made of: it was changed";
    }

    private static bool Lacks(ShardPart? part) =>
        part is null || part.Classes.IsDefault || part.Classes.Any(type => type is null || type.Tests.IsDefault || type.Explicit.IsDefault);

    private static bool IsAsMade(ShardPlan plan) =>
        ShardPlan.HashOf(plan.All) == plan.Discovery && plan.All.Count(test => !test.IsExplicit) == plan.Tests;

    private sealed record Versioned(int Version);
}
