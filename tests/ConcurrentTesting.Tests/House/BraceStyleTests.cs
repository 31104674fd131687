using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.House;

/// <summary>
/// What a condition or a loop governs has no braces where it is one statement on one line, and braces where it takes several lines or has a
/// comment; the branches of one <c>if</c> all have them or none.
/// </summary>
public partial class BraceStyleTests
{
    [Fact]
    public void Bodies_of_one_line_have_no_braces_and_others_have_them() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(folder => folder is "bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .SelectMany(file => Flaws(File.ReadAllLines(Path.Combine(Repository.Root, file))).Select(flaw => $"{file}:{flaw}"))
            .ShouldBeEmpty();

    [Theory]
    [InlineData("if (a)\n{\n    B();\n}", "1: one line needs no braces")]
    [InlineData("if (a\n    && b)\n{\n    C();\n}", "1: one line needs no braces")]
    [InlineData("foreach (var a in b)\n    C(\n        a);", "1: several lines need braces")]
    [InlineData("foreach (var a in b)\n    if (a)\n        C();", "1: several lines need braces")]
    [InlineData("if (a)\n{\n    B();\n}\nelse\n{\n    C();\n}", "1: one line needs no braces")]
    [InlineData("if (a)\n    B();\nelse\n{\n    C();\n    D();\n}", "1: several lines need braces")]
    [InlineData("if (a)\n{\n    B();\n    C();\n}\nelse\n    D();", "1: several lines need braces")]
    public void Bodies_of_another_style_are_told(string code, string flaw) => Flaws(code.Split('\n')).ShouldBe([flaw]);

    [Theory]
    [InlineData("if (a)\n    B();")]
    [InlineData("if (a)\n    B();\nelse\n    C();")]
    [InlineData("if (a)\n{\n    var b = C();\n}")]
    [InlineData("if (a)\n{\n    // Why.\n    B();\n}")]
    [InlineData("if (a)\n{\n    B(\n        c);\n}")]
    [InlineData("if (a)\n{\n    B();\n}\nelse if (b)\n{\n    C();\n    D();\n}")]
    [InlineData("if (a) B();")]
    public void Bodies_in_this_style_pass(string code) => Flaws(code.Split('\n')).ShouldBeEmpty();

    private static IEnumerable<string> Flaws(string[] lines)
    {
        var isInText = false;
        for (var line = 0; line < lines.Length; line++)
        {
            var begunInText = isInText;
            isInText ^= RawText().Count(lines[line]) % 2 == 1;
            if (begunInText || isInText || !Head().IsMatch(lines[line]))
                continue;
            var branches = Branches(lines, line).ToList();
            if (branches.Exists(branch => branch.IsBraced) && !branches.Exists(branch => branch.NeedsBraces))
                yield return $"{line + 1}: one line needs no braces";
            else if (branches.Exists(branch => !branch.IsBraced) && branches.Exists(branch => branch.NeedsBraces))
                yield return $"{line + 1}: several lines need braces";
        }
    }

    // The branch that begins here, and those of its else.
    private static IEnumerable<Branch> Branches(string[] lines, int head)
    {
        var indent = IndentOf(lines[head]);
        for (int? next = head; next is { } line;)
        {
            var branch = BranchAt(lines, line, indent);
            yield return branch;
            next = IsElse(lines, branch.After, indent) ? branch.After : null;
        }
    }

    private static Branch BranchAt(string[] lines, int head, int indent)
    {
        var body = EndOf(lines, head, next => !IsWhole(lines, head, next));
        var isBraced = body < lines.Length && lines[body].Trim() == "{";
        var end = EndOf(lines, isBraced ? body : body - 1, next => lines[next].Trim().Length == 0 || IndentOf(lines[next]) > indent);
        return isBraced
            ? new Branch(true, end - body != 2 || !CanStandAlone(lines[body + 1]), end + 1)
            : new Branch(false, lines[body..end].Count(line => line.Trim().Length > 0) > 1, end);
    }

    private static int EndOf(string[] lines, int before, Predicate<int> goesOn)
    {
        var line = before + 1;
        while (line < lines.Length && goesOn(line))
            line++;
        return line;
    }

    private static bool IsElse(string[] lines, int line, int indent) =>
        line < lines.Length && IndentOf(lines[line]) == indent && lines[line].TrimStart().StartsWith("else", StringComparison.Ordinal);

    private static bool IsWhole(string[] lines, int head, int body)
    {
        var condition = string.Concat(lines[head..body].Select(line => Text().Replace(line, "")));
        return condition.Count(character => character == '(') == condition.Count(character => character == ')');
    }

    private static bool CanStandAlone(string line) => line.TrimEnd().EndsWith(';') && !Declaration().IsMatch(line);

    private sealed record Branch(bool IsBraced, bool NeedsBraces, int After);

    private static int IndentOf(string line) => line.Length - line.TrimStart().Length;

    [GeneratedRegex("\"\"\"")]
    private static partial Regex RawText();

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)'
        """)]
    private static partial Regex Text();

    // Those that are whole on one line with their body, and the while of a do, have nothing below them.
    [GeneratedRegex(@"^\s*(?:if|for|foreach|await foreach|while|lock|fixed|using|await using) \((?!.*;\s*$)")]
    private static partial Regex Head();

    [GeneratedRegex(@"^\s*(?:await using |using |const )?(?:var|[A-Z]\w*(?:<[^;=]*>)?\??(?:\[\])?|int|long|bool|string|double) \w+(?: =|;)|^\s*//")]
    private static partial Regex Declaration();
}
