using System.Reflection;
using ConcurrentTesting.Settings;
using Nuke.Common;
using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

public class DeclarationTests
{
    private static readonly Dictionary<string, PropertyInfo> Properties = typeof(IConcurrentTest).GetProperties()
        .Where(property => property.IsDefined(typeof(ParameterAttribute)))
        .ToDictionary(property => property.Name);

    [Fact]
    public void Each_declared_parameter_is_a_property_of_the_component_and_the_other_way_round() =>
        Properties.Keys.Order().ShouldBe(ParameterTable.All.Select(parameter => parameter.Name).Order());

    [Fact]
    public void The_help_of_each_property_is_that_of_its_declaration()
    {
        foreach (var parameter in ParameterTable.All)
            Properties[parameter.Name].GetCustomAttribute<ParameterAttribute>()!.Description.ShouldBe(parameter.Help);
    }

    [Fact]
    public void NUKE_lists_none_of_them_because_its_help_has_them_in_groups() =>
        Properties.Values.ShouldAllBe(property => !property.GetCustomAttribute<ParameterAttribute>()!.List);

    [Fact]
    public void Lists_are_arrays_and_everything_else_is_text_because_NUKE_turns_a_bad_value_into_null()
    {
        foreach (var parameter in ParameterTable.All)
            Properties[parameter.Name].PropertyType.ShouldBe(parameter.Arity == Arity.Many ? typeof(string[]) : typeof(string), parameter.Name);
    }

    [Fact]
    public async Task The_artifacts_are_one_pattern_so_that_generated_workflows_upload_them_in_one_step()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ShowArtifacts ConcurrentTest", TestContext.Current.CancellationToken);

        outcome.Lines.Single(line => line.StartsWith("artifact ", StringComparison.Ordinal))
            .ShouldBe($"artifact {Path.Combine(root.Folder, "artifacts", "test-results", "**", "*")}", "NUKE uploads the folder above the first wildcard");
    }

    [Fact]
    public void Secrets_are_secret_to_NUKE_too()
    {
        foreach (var parameter in ParameterTable.All)
            Properties[parameter.Name].IsDefined(typeof(SecretAttribute)).ShouldBe(parameter.IsSecret, parameter.Name);
    }
}
