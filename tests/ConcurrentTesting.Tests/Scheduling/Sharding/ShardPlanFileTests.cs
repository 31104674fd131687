using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public sealed class ShardPlanFileTests : IDisposable
{
    private static readonly ConcurrentTestSettings Settings = new() { Database = DatabaseEngine.Sqlite, ShardCount = 3 };
    private static readonly ShardPlan Plan = ShardPlanner.ByTimings(Catalogs.Of(6, 2), Settings, TimingStore.Empty, "0a1b2c3d4e");
    private readonly string _folder = Directory.CreateTempSubdirectory("plan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_plan_is_read_as_it_was_written()
    {
        var read = ShardPlanFile.Parse(ShardPlanFile.Write(Plan));

        ShardPlanFile.Write(read).ShouldBe(ShardPlanFile.Write(Plan));
        read.All.ShouldBe(Plan.All);
        read.Parts.Length.ShouldBe(3);
        Encoding.UTF8.GetString(ShardPlanFile.Write(Plan)).ShouldNotContain("isEmpty");
    }

    [Theory]
    [InlineData("""{"version":2}""", "it is of version 2, and 1 is known")]
    [InlineData("""{"version":1,"discovery":"","tests":0,"parts":[]}""", "it has no parts")]
    [InlineData("""{"version":1,"tests":0,"parts":[]}""", "discovery")]
    [InlineData("""[]""", "JSON")]
    [InlineData("", "JSON")]
    public void What_is_no_plan_is_refused_with_its_reason(string json, string reason)
    {
        var file = Path.Combine(_folder, "plan.json");
        File.WriteAllText(file, json);

        var exception = Should.Throw<ConcurrentTestException>(() => ShardPlanFile.Read(file));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        exception.Message.ShouldContain(reason);
        exception.Message.ShouldContain(file);
    }

    [Fact]
    public void A_test_is_in_a_plan_by_its_name_alone()
    {
        var plan = JsonNode.Parse(ShardPlanFile.Write(Plan))!.AsObject();
        var part = plan["parts"]![0]!.AsObject();

        plan.Select(field => field.Key).ShouldBe(["version", "id", "discovery", "targetSeconds", "workers", "known", "tests", "parts"]);
        part.Select(field => field.Key).ShouldBe(["part", "seconds", "tests", "classes"]);
        part["classes"]![0]!.AsObject().Select(field => field.Key).ShouldBe(["assembly", "class", "seconds", "tests", "explicit"]);
    }

    [Fact]
    public void A_plan_that_is_not_there_is_refused() =>
        Should.Throw<ConcurrentTestException>(() => ShardPlanFile.Read(Path.Combine(_folder, "no.json"))).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);

    [Fact]
    public void A_plan_that_was_changed_by_hand_is_refused()
    {
        Changed(plan => plan["parts"]![0]!["classes"]!.AsArray().RemoveAt(0)).ShouldContain("it was changed");
        Changed(plan => plan["parts"]![0]!["classes"]![0]!["tests"]![0] = "Another").ShouldContain("it was changed");
        Changed(plan => plan["parts"]!.AsArray().RemoveAt(0)).ShouldContain("numbered");
        Changed(plan => plan["parts"]![1]!["classes"]!.AsArray().Add(plan["parts"]![0]!["classes"]![0]!.DeepClone())).ShouldContain("is in it twice");
        Changed(plan => plan["tests"] = 1).ShouldContain("it was changed");
        Changed(plan => plan["parts"]![0]!.AsObject().Remove("classes")).ShouldNotBeEmpty();
    }

    [Fact]
    public void What_is_divided_by_hash_can_be_read_again()
    {
        var plan = ShardPlanner.ByHash(Catalogs.Of(6, 2), Settings, 2);

        var read = ShardPlanFile.Parse(ShardPlanFile.Write(plan));

        ShardPlanFile.HashOf(read).ShouldBe(ShardPlanFile.HashOf(plan));
        read.Parts.ShouldAllBe(part => part.Seconds == null);
    }

    [Fact]
    public void A_run_knows_the_plan_among_its_artifacts_by_its_content()
    {
        var file = Path.Combine(_folder, ArtifactNames.Plan);
        File.WriteAllBytes(file, ShardPlanFile.Write(Plan));
        OwnContent.Matches(ArtifactNames.Plan, file).ShouldBeTrue();
        File.WriteAllBytes(file, ShardPlanFile.Write(ShardPlanner.ByHash(Catalogs.Of(6, 2), Settings, 2)));
        OwnContent.Matches(ArtifactNames.Plan, file).ShouldBeTrue();
        File.WriteAllText(file, """{"version":1,"plan":"of somebody else"}""");
        OwnContent.Matches(ArtifactNames.Plan, file).ShouldBeFalse();
    }

    private static string Changed(Action<JsonNode> change)
    {
        var plan = JsonNode.Parse(ShardPlanFile.Write(Plan))!;
        change(plan);
        return Should.Throw<JsonException>(() => ShardPlanFile.Parse(Encoding.UTF8.GetBytes(plan.ToJsonString()))).Message;
    }
}
