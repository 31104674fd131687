using Nuke.Common;
using Shouldly;
using Xunit;
using Assert = Xunit.Assert;

namespace Nuke.ConcurrentTest.Tests;

public class StandInTests
{
    [Fact]
    public void Every_public_member_of_the_stand_in_is_NUKEs()
    {
        Assert.SkipWhen(typeof(NukeBuild).Assembly.GetName().Name != "Nuke.StandIn", "NUKE itself is in use, not the stand-in");
        var nuke = ReadListing();

        typeof(NukeBuild).Assembly.GetExportedTypes().SelectMany(type => Differences(type, nuke)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Differences(Type type, Dictionary<string, (string Header, List<string> Members)> nuke)
    {
        if (!nuke.TryGetValue(ApiListing.FullName(type), out var real))
            return [$"{ApiListing.FullName(type)} is not a public type of NUKE 10.1.0"];

        var header = ApiListing.Header(type);
        var different = header == real.Header ? Enumerable.Empty<string>() : [$"{header} is in NUKE 10.1.0: {real.Header}"];
        return different.Concat(ApiListing.Members(type).Where(member => !real.Members.Contains(member)).Select(member =>
            $"{type.Name}: {member} is not in NUKE 10.1.0, which has: {Alike(member, real.Members)}"));
    }

    private static string Alike(string member, List<string> members)
    {
        var name = NameIn(member);
        var alike = members.Where(other => NameIn(other) == name).ToList();
        return alike.Count > 0 ? string.Join(" | ", alike) : "nothing of that name";
    }

    private static string NameIn(string member) => member.Split('(', '{')[0].Trim().Split(' ')[^1].Split('<')[0];

    // A line that is not indented begins a type; interfaces are compared in alphabetical order.
    private static Dictionary<string, (string Header, List<string> Members)> ReadListing()
    {
        var types = new Dictionary<string, (string, List<string> Members)>();
        var members = new List<string>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "assets", "nuke-10.1.0-api.txt")).Where(line => line.Length > 0))
        {
            if (line.StartsWith(' '))
            {
                members.Add(line.Trim());
                continue;
            }

            members = [];
            var (before, after) = line.Split(['[', ']']) is [var head, _, var tail] ? (head.TrimEnd(), tail) : throw new InvalidDataException(line);
            types[before.Split(' ', before.StartsWith("static ", StringComparison.Ordinal) || before.StartsWith("abstract ", StringComparison.Ordinal) ? 3 : 2)[^1]] =
                (before + WithSortedInterfaces(after), members);
        }

        return types;
    }

    private static string WithSortedInterfaces(string text)
    {
        var open = text.IndexOf(" (", StringComparison.Ordinal);
        return open < 0 ? text : $"{text[..open]} ({string.Join(", ", text[(open + 2)..^1].Split(", ").Order(StringComparer.Ordinal))})";
    }
}
