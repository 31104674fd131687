namespace ConcurrentTesting.VsTest;

/// <summary>The text as which xunit v3 hands on a test case. It holds the path of the test's assembly, from which the program makes the
/// assembly's id anew. xunit's adapter looks a test's name up by that id, and has lost it where the id is another.</summary>
/// <remarks>https://github.com/xunit/xunit/blob/main/src/xunit.v3.common/Utility/SerializationHelper.cs: a value is a kind, for an object
/// its type in base64, and the value in base64; that of an object is a line a member, each a name and a value.</remarks>
internal static class XUnit3Serialization
{
    /// <summary>The property of a case in which the adapter keeps it.</summary>
    public const string Property = "XunitTestCaseSerialization";

    private const char Separator = ':';
    private const char LineEnd = '\n';
    private const string Text = "0";
    private const string PathMember = "ap";
    private const string ConfigurationMember = "cp";
    private const string IdMember = "id";

    // The way leads from the case over its method, class and collection to the assembly.
    private static readonly string[] WayToAssembly = ["tm", "tc", "tc", "ta"];

    /// <summary>The same case in an assembly at another path; the text as it is where it says nothing of the first one.</summary>
    public static string Move(string serialized, string from, string to) => Move(serialized, WayToAssembly, from, to) ?? serialized;

    // Returns null where the value is not of the expected form.
    private static string? Move(string value, ReadOnlySpan<string> way, string from, string to)
    {
        var begin = value.LastIndexOf(Separator) + 1;
        if (begin == 0 || Decoded(value[begin..]) is not { } members)
            return null;
        var lines = members.Split(LineEnd);
        return (way.IsEmpty ? MoveAssembly(lines, from, to) : MoveMember(lines, way, from, to))
            ? value[..begin] + Encoded(string.Join(LineEnd, lines))
            : null;
    }

    private static bool MoveMember(string[] lines, ReadOnlySpan<string> way, string from, string to)
    {
        var index = IndexOf(lines, way[0]);
        if (index < 0 || Move(lines[index], way[1..], from, to) is not { } moved)
            return false;
        lines[index] = moved;
        return true;
    }

    private static bool MoveAssembly(string[] lines, string from, string to)
    {
        if (TextOf(lines, PathMember) != from)
            return false;
        var before = TextOf(lines, ConfigurationMember);
        var after = before is not null && Path.GetDirectoryName(before) == Path.GetDirectoryName(from)
            ? Path.Combine(Path.GetDirectoryName(to)!, Path.GetFileName(before))
            : before;
        SetText(lines, PathMember, to);
        if (after is not null)
            SetText(lines, ConfigurationMember, after);

        // Versions before 4 write an id of the assembly; an id of something else stays.
        if (TextOf(lines, IdMember) == IdOf(from, before))
            SetText(lines, IdMember, IdOf(to, after));
        return true;
    }

    private static int IndexOf(string[] lines, string member) =>
        Array.FindIndex(lines, line => line.StartsWith($"{member}{Separator}", StringComparison.Ordinal));

    private static string? TextOf(string[] lines, string member) =>
        IndexOf(lines, member) is >= 0 and var index && lines[index].Split(Separator) is [_, Text, var encoded] ? Decoded(encoded) : null;

    private static void SetText(string[] lines, string member, string text) =>
        lines[IndexOf(lines, member)] = $"{member}{Separator}{Text}{Separator}{Encoded(text)}";

    // The id is computed as in https://github.com/xunit/xunit/blob/main/src/xunit.v3.common/Utility/UniqueIDGenerator.cs
    private static string IdOf(string path, string? configuration) =>
        TextHash.Of($"{path}\0{configuration}\0");

    private static string? Decoded(string encoded)
    {
        var bytes = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
