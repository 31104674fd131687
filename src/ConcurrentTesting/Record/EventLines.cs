using System.Buffers;
using System.IO.Compression;

namespace ConcurrentTesting.Record;

/// <summary>Events as the compressed lines of a journal, to be read on another machine, without anything secret. Assemblies stand in them
/// by keys that the machines share. Thread-safe.</summary>
internal sealed class EventLines
{
    private readonly Lock _gate = new();
    private readonly AssemblyKeys _assemblies = new();
    private readonly EventFormat _format;

    /// <param name="redactor">Null where they are only read.</param>
    public EventLines(Redactor? redactor) => _format = new EventFormat(_assemblies, redactor);

    /// <summary>Says what an assembly's key is.</summary>
    public AssemblyFound Explain(TestAssembly assembly, DateTimeOffset at)
    {
        var found = AssemblyFound.Of(assembly.Key, assembly, at);
        lock (_gate)
            _assemblies.Add(found);
        return found;
    }

    public byte[] Write(IEnumerable<RunEvent> events)
    {
        var lines = new ArrayBufferWriter<byte>();
        lock (_gate)
        {
            foreach (var happened in events)
                _format.Write(happened, lines);
        }

        using var compressed = new MemoryStream();
        using (var compressing = new BrotliStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            compressing.Write(lines.WrittenSpan);
        return compressed.ToArray();
    }

    /// <exception cref="ConcurrentTestException">It is damaged, or of a later version.</exception>
    public ImmutableArray<RunEvent> Read(byte[] compressed)
    {
        var events = ImmutableArray.CreateBuilder<RunEvent>();
        try
        {
            using var lines = new StreamReader(new BrotliStream(new MemoryStream(compressed), CompressionMode.Decompress));
            lock (_gate)
            {
                while (lines.ReadLine() is { } line)
                    events.Add(Parse(line));
            }
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidDataException
            or InvalidOperationException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"What a machine has left cannot be read: {exception.Message.TrimEnd('.')}.", exception);
        }

        return events.ToImmutable();
    }

    private RunEvent Parse(string line)
    {
        var happened = _format.Read(Encoding.UTF8.GetBytes(line));
        if (happened.Version > RunEvent.CurrentVersion)
            throw new JsonException(FormattableString.Invariant($"it has version {happened.Version}, and {RunEvent.CurrentVersion} is known"));
        if (happened is AssemblyFound found)
            _assemblies.Add(found);
        return happened;
    }
}
