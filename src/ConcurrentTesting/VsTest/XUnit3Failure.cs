namespace ConcurrentTesting.VsTest;

/// <summary>The exceptions of one failure of xunit v3, put together as its adapter does.</summary>
/// <remarks>https://github.com/xunit/xunit/blob/main/src/xunit.v3.runner.common/Utility/ExceptionUtility.cs</remarks>
internal sealed class XUnit3Failure
{
    private const string OwnFrames = "at Xunit.";
    private const string OwnExceptions = "Xunit.Sdk.";

    private readonly string[] _types;
    private readonly string[] _messages;
    private readonly string[] _stackTraces;
    private readonly int[] _parents;

    private XUnit3Failure(string[] types, string[] messages, string[] stackTraces, int[] parents)
    {
        _types = types;
        _messages = messages;
        _stackTraces = stackTraces;
        _parents = parents;
    }

    /// <summary>The type of the outermost exception.</summary>
    public string Type => At(_types, 0);

    /// <summary>All messages, the inner ones below.</summary>
    public string Message => MessageOf(0, 0);

    /// <summary>All stack traces without xunit's own frames, the inner ones below.</summary>
    public string StackTrace => StackTraceOf(0);

    public static XUnit3Failure In(JsonElement message) => new(
        Texts(message, "ExceptionTypes"),
        Texts(message, "Messages"),
        Texts(message, "StackTraces"),
        message.TryGetProperty("ExceptionParentIndices", out var parents) && parents.ValueKind == JsonValueKind.Array
            ? [.. parents.EnumerateArray().Select(parent => parent.GetInt32())]
            : []);

    private static string[] Texts(JsonElement message, string name) =>
        message.TryGetProperty(name, out var texts) && texts.ValueKind == JsonValueKind.Array
            ? [.. texts.EnumerateArray().Select(text => XUnit3Json.Text(text) ?? "")]
            : [];

    private static string At(string[] texts, int index) => index < texts.Length ? texts[index] : "";

    private string MessageOf(int index, int depth)
    {
        var text = new StringBuilder();
        if (depth > 0)
            text.Insert(0, "----", depth).Append(' ');
        if (At(_types, index) is { Length: > 0 } type && !IsOwn(type))
            text.Append(type).Append(" : ");
        text.Append(At(_messages, index));
        foreach (var inner in InnerOf(index))
            text.Append(Environment.NewLine).Append(MessageOf(inner, depth + 1));
        return text.ToString();
    }

    private static bool IsOwn(string type) =>
        type.StartsWith(OwnExceptions, StringComparison.Ordinal) && !type[OwnExceptions.Length..].Contains('.', StringComparison.Ordinal);

    private string StackTraceOf(int index)
    {
        var text = new StringBuilder(WithoutOwnFrames(At(_stackTraces, index)));
        var inners = InnerOf(index).ToList();
        for (var number = 1; number <= inners.Count; number++)
        {
            var which = inners.Count == 1 ? "" : FormattableString.Invariant($" #{number} ({At(_types, inners[number - 1])})");
            text.Append(Environment.NewLine).Append("----- Inner Stack Trace").Append(which).Append(" -----").Append(Environment.NewLine)
                .Append(StackTraceOf(inners[number - 1]));
        }

        return text.ToString();
    }

    private IEnumerable<int> InnerOf(int index) =>
        Enumerable.Range(index + 1, Math.Max(0, _parents.Length - index - 1)).Where(inner => _parents[inner] == index);

    private static string WithoutOwnFrames(string stackTrace) => string.Join(
        Environment.NewLine,
        stackTrace.Split(Environment.NewLine).Where(line => !line.TrimStart().StartsWith(OwnFrames, StringComparison.Ordinal)));
}
