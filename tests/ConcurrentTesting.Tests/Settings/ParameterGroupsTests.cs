using ConcurrentTesting.Settings;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Settings;

public class ParameterGroupsTests
{
    [Fact]
    public void No_parameter_is_in_two_groups_and_every_group_names_parameters_that_exist()
    {
        var names = ParameterGroups.All.SelectMany(group => group.Names).ToList();

        names.ShouldBeUnique();
        names.ShouldBeSubsetOf(ParameterTable.All.Select(parameter => parameter.Name));
    }

    [Fact]
    public void The_text_explains_every_parameter_within_a_hundred_columns()
    {
        var lines = ParameterGroups.Text().Split('\n');

        foreach (var parameter in ParameterTable.All)
            lines.ShouldContain($"    {parameter.Argument}");
        lines.Where(line => !line.Contains("./build.sh", StringComparison.Ordinal) && !line.Contains("NUKE_", StringComparison.Ordinal)).ShouldAllBe(line => line.Length <= 101);
    }

    [Fact]
    public void The_examples_use_arguments_that_exist()
    {
        var arguments = ParameterTable.All.Select(parameter => parameter.Argument).ToHashSet();
        ParameterGroups.All.SelectMany(group => group.Example.Split(' ')).Where(word => word.StartsWith("--", StringComparison.Ordinal)).ShouldAllBe(word => arguments.Contains(word));
    }
}
