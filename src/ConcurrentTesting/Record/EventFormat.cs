using System.Buffers;
using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ConcurrentTesting.Record;

/// <summary>Writes and reads lines by the contract of the one kind of event that a line has. Left to the serializer, the first line would
/// compile the contracts of all kinds, which takes a third of a second. Not thread-safe.</summary>
internal sealed class EventFormat(AssemblyKeys assemblies, JsonConverter<string> text)
{
    private static readonly FrozenDictionary<string, Type> Kinds = typeof(RunEvent).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToFrozenDictionary(kind => (string)kind.TypeDiscriminator!, kind => kind.DerivedType, StringComparer.Ordinal);

    private static readonly FrozenDictionary<Type, byte[]> Beginnings = Kinds.ToFrozenDictionary(
        kind => kind.Value, kind => Encoding.UTF8.GetBytes($"{{\"event\":\"{kind.Key}\","));

    private readonly RunEventJson _contracts = RunEventJson.For(assemblies, text);

    /// <param name="redactor">Null where they are only read.</param>
    public EventFormat(AssemblyKeys assemblies, Redactor? redactor)
        : this(assemblies, redactor is null ? new SharedText() : new RedactedText(redactor))
    {
    }

    /// <summary>Adds an event's line, with its line break.</summary>
    public void Write(RunEvent happened, IBufferWriter<byte> lines)
    {
        // Every event has its version and time, so a comma follows its kind.
        var properties = JsonSerializer.SerializeToUtf8Bytes(happened, ContractOf(happened.GetType()));
        lines.Write(Beginnings[happened.GetType()]);
        lines.Write(properties.AsSpan(1));
        lines.Write("\n"u8);
    }

    /// <exception cref="JsonException">It is damaged, or of a later version.</exception>
    /// <exception cref="NotSupportedException">It does not begin with its kind.</exception>
    public RunEvent Read(ReadOnlySpan<byte> line) =>
        (RunEvent?)JsonSerializer.Deserialize(line, ContractOf(line)) ?? throw new JsonException("it is empty");

    // The serializer says what is wrong with a line of no kind.
    private JsonTypeInfo ContractOf(ReadOnlySpan<byte> line)
    {
        var name = line.StartsWith("{\"event\":\""u8) ? line["{\"event\":\"".Length..] : [];
        return name.IndexOf((byte)'"') is > 0 and var length
            && Kinds.TryGetValue(Encoding.UTF8.GetString(name[..length]), out var kind)
                ? ContractOf(kind)
                : _contracts.RunEvent;
    }

    private JsonTypeInfo ContractOf(Type kind) => _contracts.GetTypeInfo(kind)!;
}
