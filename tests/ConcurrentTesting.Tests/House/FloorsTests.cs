using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.House;

/// <summary>The rooms of the engine and their floors, proved from the compiled assembly.</summary>
public partial class FloorsTests
{
    private const string Engine = "ConcurrentTesting";
    private const string RootData = "the root's data";
    private const string EntryPoints = "the root's entry points";
    private const string VsTest = "VsTest";

    // The hook has these types too, as source.
    private const string Wire = "TestHook";

    private static readonly ImmutableDictionary<string, int> Floors = new Dictionary<string, int>
    {
        [EntryPoints] = 7,
        ["Run"] = 6,
        ["Execution"] = 5,
        ["Console"] = 4,
        ["Settings"] = 4,
        ["Discovery"] = 3,
        ["Scheduling"] = 3,
        ["Hook"] = 3,
        ["Reports"] = 3,
        ["Queue"] = 3,
        ["Databases"] = 3,
        ["Record"] = 2,
        [VsTest] = 2,
        ["Catalog"] = 1,
        ["Safety"] = 1,
        [RootData] = 0,
        [Wire] = 0,
    }.ToImmutableDictionary();

    private static readonly ImmutableArray<(NamedType User, NamedType Used)> Uses = TypeUses.Of(typeof(ConcurrentTestRun).Assembly.Location);

    private static readonly ImmutableArray<(NamedType User, NamedType Used)> UsesBetweenRooms =
        [.. Uses.Where(use => IsOfEngine(use.User) && IsOfEngine(use.Used) && RoomOf(use.User) != RoomOf(use.Used))];

    [Fact]
    public void Every_type_stands_in_a_room() =>
        Uses.Select(use => use.User).Where(IsOfEngine).Select(RoomOf).Distinct().Order().ShouldBe(Floors.Keys.Order());

    [Fact]
    public void A_room_is_used_from_above_only() =>
        UsesBetweenRooms.Where(use => FloorOf(use.Used) > FloorOf(use.User)).Select(Tell).Distinct().Order().ShouldBeEmpty();

    [Fact]
    public void Rooms_of_one_floor_use_each_other_in_no_circle()
    {
        var level = UsesBetweenRooms.Where(use => FloorOf(use.Used) == FloorOf(use.User)).ToLookup(use => RoomOf(use.User));

        level.SelectMany(uses => uses).Where(use => Reachable(RoomOf(use.Used), level).Contains(RoomOf(use.User))).Select(Tell).Distinct().Order().ShouldBeEmpty();
    }

    [Fact]
    public void Only_one_room_names_types_of_the_test_platform() =>
        Uses.Where(use => IsOfTestPlatform(use.Used) && IsOfEngine(use.User) && RoomOf(use.User) != VsTest).Select(Tell).Distinct().Order().ShouldBeEmpty();

    [Fact]
    public void What_a_method_calls_is_seen() =>
        UsesBetweenRooms.ShouldContain(use => use.User.Name == nameof(ConcurrentTestRun) && use.Used.Name == nameof(ConcurrentTesting.Run.TestRun));

    [Fact]
    public void The_floors_are_documented_as_they_are()
    {
        var documented = DocumentedRoom().Matches(File.ReadAllText(Path.Combine(Repository.Root, "CONTRIBUTING.md")))
            .ToDictionary(row => row.Groups["room"].Value, row => int.Parse(row.Groups["floor"].ValueSpan, CultureInfo.InvariantCulture));

        documented.ShouldBe(Floors.Remove(Wire), ignoreOrder: true);
    }

    [GeneratedRegex(@"^\| (?<floor>\d) \| `?(?<room>[^`|]+?)`? \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedRoom();

    private static HashSet<string> Reachable(string room, ILookup<string, (NamedType User, NamedType Used)> level)
    {
        var reached = new HashSet<string>();
        var open = new Queue<string>([room]);
        while (open.TryDequeue(out var next))
        {
            if (!reached.Add(next))
                continue;
            foreach (var use in level[next])
                open.Enqueue(RoomOf(use.Used));
        }

        return reached;
    }

    private static bool IsOfEngine(NamedType type) => type.Namespace == Engine || type.Namespace.StartsWith(Engine + ".", StringComparison.Ordinal);

    private static bool IsOfTestPlatform(NamedType type) =>
        type.Namespace.StartsWith("Microsoft.VisualStudio.TestPlatform", StringComparison.Ordinal) || type.Namespace.StartsWith("Microsoft.TestPlatform", StringComparison.Ordinal);

    private static int FloorOf(NamedType type) => Floors[RoomOf(type)];

    private static string RoomOf(NamedType type) => type switch
    {
        { Namespace: Engine, Name: nameof(ConcurrentTestRun) or nameof(ConcurrentTestCleaning) } => EntryPoints,
        { Namespace: Engine } => RootData,
        _ => type.Namespace.Split('.')[1],
    };

    private static string Tell((NamedType User, NamedType Used) use) => $"{RoomOf(use.User)}/{use.User.Name} -> {(IsOfEngine(use.Used) ? RoomOf(use.Used) : use.Used.Namespace)}/{use.Used.Name}";
}
