using System.IO.Compression;
using System.Runtime.InteropServices;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>xunit's adapter keeps the serialized test, kilobytes of text, with each test case. It is needed only when the test runs; until
/// then the texts of neighbours, which hardly differ, are held compressed together. Names, ids and traits stay as they are.</summary>
internal static class PackedValues
{
    private const string PropertyPrefix = "Xunit";
    private const int ShortestText = 256;

    /// <summary>How many cases are best packed together: more pack hardly better, and take longer to unpack where one of them is
    /// needed.</summary>
    public const int CasesTogether = 64;

    /// <summary>Marks copies.</summary>
    private static readonly object Copied = new();

    /// <summary>Takes the long texts out of the cases.</summary>
    public static void Pack(IEnumerable<TestCase> cases)
    {
        foreach (var neighbours in cases.Chunk(CasesTogether))
            PackTogether(neighbours);
    }

    /// <summary>Copies of the cases with everything in them again; a case that was not packed is given as it is.</summary>
    public static IEnumerable<TestCase> Unpack(IEnumerable<TestCase> cases)
    {
        var open = new Dictionary<CompressedTexts, string[]>();
        return cases.Select(test => test.LocalExtensionData is Share share ? Whole(test, share, TextsOf(share.Texts)) : test);

        string[] TextsOf(CompressedTexts texts) => open.TryGetValue(texts, out var opened) ? opened : open[texts] = texts.Open();
    }

    /// <summary>Takes the long texts out of copies that <see cref="Unpack"/> made, which have been sent and which somebody still holds.
    /// Other cases stay as they are.</summary>
    public static void Strip(IEnumerable<TestCase> cases)
    {
        foreach (var copy in cases.Where(test => ReferenceEquals(test.LocalExtensionData, Copied)))
        {
            foreach (var property in copy.Properties.Where(property => IsLong(copy, property)).ToList())
                copy.RemovePropertyValue(property);
        }
    }

    /// <summary>Copies of the cases, which are of the same assembly in another place; all that they hold is in them.</summary>
    public static IEnumerable<TestCase> At(IEnumerable<TestCase> cases, string source) => cases.Select(test =>
    {
        var moved = Copy(test);
        moved.Id = test.Id;
        moved.Source = source;
        foreach (var property in moved.Properties.Where(property => property.Id == XUnit3Serialization.Property).ToList())
        {
            if (moved.GetPropertyValue(property) is string text)
                moved.SetPropertyValue(property, XUnit3Serialization.Move(text, test.Source, source));
        }

        return moved;
    });

    /// <summary>What <see cref="RowKnowledge"/> knew of a case before it was packed; null where it is not packed.</summary>
    public static bool? HasOneRow(TestCase test) => (test.LocalExtensionData as Share)?.HasOneRow;

    private static void PackTogether(TestCase[] cases)
    {
        var texts = new List<string>();
        var shares = new List<(TestCase Test, int First, ImmutableArray<TestProperty> Properties)>();
        foreach (var test in cases)
        {
            ImmutableArray<TestProperty> properties = [.. test.Properties.Where(property => IsLong(test, property))];
            if (properties.IsEmpty)
                continue;
            shares.Add((test, texts.Count, properties));
            texts.AddRange(properties.Select(property => (string)test.GetPropertyValue(property)!));
        }

        var pack = CompressedTexts.Of(texts);
        foreach (var (test, first, properties) in shares)
        {
            test.LocalExtensionData = new Share(
                pack, first, properties, test.Properties.Any(property => RowKnowledge.IsOneRow(test, property)));
            foreach (var property in properties)
                test.RemovePropertyValue(property);
        }
    }

    private static bool IsLong(TestCase test, TestProperty property) =>
        property.Id.StartsWith(PropertyPrefix, StringComparison.Ordinal)
            && test.GetPropertyValue(property) is string { Length: >= ShortestText };

    private static TestCase Whole(TestCase test, Share share, string[] texts)
    {
        var whole = Copy(test);
        for (var index = 0; index < share.Properties.Length; index++)
            whole.SetPropertyValue(share.Properties[index], texts[share.First + index]);
        return whole;
    }

    private static TestCase Copy(TestCase test)
    {
        var copy = new TestCase(test.FullyQualifiedName, test.ExecutorUri, test.Source) { LocalExtensionData = Copied };
        foreach (var property in test.Properties)
            copy.SetPropertyValue(property, test.GetPropertyValue(property));
        return copy;
    }

    /// <summary>Where a case's texts are.</summary>
    private sealed record Share(CompressedTexts Texts, int First, ImmutableArray<TestProperty> Properties, bool HasOneRow);

    private sealed class CompressedTexts
    {
        private readonly byte[] _compressed;
        private readonly int _count;

        private CompressedTexts(byte[] compressed, int count)
        {
            _compressed = compressed;
            _count = count;
        }

        public static CompressedTexts Of(List<string> texts)
        {
            using var memory = new MemoryStream();
            using (var writer = new BinaryWriter(new DeflateStream(memory, CompressionLevel.Fastest)))
            {
                foreach (var text in texts)
                    Write(writer, text);
            }

            return new CompressedTexts(memory.ToArray(), texts.Count);
        }

        public string[] Open()
        {
            using var reader = new BinaryReader(new DeflateStream(new MemoryStream(_compressed), CompressionMode.Decompress));
            var texts = new string[_count];
            for (var index = 0; index < texts.Length; index++)
                texts[index] = Read(reader);
            return texts;
        }

        // Compression works by the byte, and nearly all texts have one byte for each character. Other texts may be no legal UTF-8.
        private static void Write(BinaryWriter writer, string text)
        {
            var isAscii = Ascii.IsValid(text);
            writer.Write(text.Length);
            writer.Write(isAscii);
            if (isAscii)
                writer.Write(Encoding.ASCII.GetBytes(text));
            else
                writer.Write(MemoryMarshal.AsBytes(text.AsSpan()));
        }

        private static string Read(BinaryReader reader)
        {
            var length = reader.ReadInt32();
            return reader.ReadBoolean()
                ? Encoding.ASCII.GetString(reader.ReadBytes(length))
                : new string(MemoryMarshal.Cast<byte, char>(reader.ReadBytes(length * sizeof(char))));
        }
    }
}
