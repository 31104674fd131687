using ConcurrentTesting.Discovery;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

/// <summary>What project files look for, as far as it can be read from them; where it cannot, there is a doubt.</summary>
public sealed class EvaluationScanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""<PropertyGroup Condition="Exists('a.txt')" />""", "src/a.txt")]
    [InlineData("""<PropertyGroup Condition="!exists( '$(MSBuildThisFileDirectory)..\a.txt' ) And '$(X)' == ''" />""", "a.txt")]
    [InlineData("""<PropertyGroup><P>$(MSBuildThisFileDirectory)</P><Q>$(P)eng/</Q><A Condition="Exists('$(Q)a.txt')" /></PropertyGroup>""", "src/eng/a.txt")]
    [InlineData("""<PropertyGroup><A Condition="Exists('$(TOLD)/a.txt')" /></PropertyGroup>""", "told/a.txt")]
    [InlineData("""<PropertyGroup><A Condition="Exists('$(SolutionDir)a.txt')" /></PropertyGroup>""", "src/a.txt")]
    [InlineData("""<PropertyGroup><P>$([MSBuild]::NormalizePath('$(MSBuildThisFileDirectory)', '..', 'b'))</P><A Condition="Exists('$(P)')" /></PropertyGroup>""", "b")]
    [InlineData("""<PropertyGroup><A>$([System.IO.File]::ReadAllText("$(MSBuildThisFileDirectory)a.txt").Trim())</A></PropertyGroup>""", "src/a.txt")]
    [InlineData("""<PropertyGroup><A>$([System.IO.Directory]::GetFiles('$(MSBuildThisFileDirectory)many', '*.txt').Length)</A></PropertyGroup>""", "src/many/*")]
    [InlineData("""<Import Project="many/*.props" />""", "src/many/*")]
    [InlineData("""<Import Project="$(MSBuildThisFileDirectory)../many/x?.props" />""", "many/*")]
    [InlineData("""<PropertyGroup><A>$([MSBuild]::GetDirectoryNameOfFileAbove($(MSBuildThisFileDirectory), 'a.txt'))</A></PropertyGroup>""", "a.txt")]
    [InlineData("""<Import Project="$([MSBuild]::GetPathOfFileAbove('a.txt', '$(MSBuildThisFileDirectory)../'))" />""", "a.txt")]
    [InlineData("""<Import Project="$([MSBuild]::GetPathOfFileAbove('$(MSBuildThisFile)'))" />""", "Shop.csproj")]
    [InlineData("""<Choose><When Condition="Exists('a.txt')"><PropertyGroup /></When></Choose>""", "src/a.txt")]
    [InlineData("""<ItemGroup><Compile Include="x.cs" Condition="Exists('a.txt')" /></ItemGroup>""", "src/a.txt")]
    public void What_is_looked_for_is_found(string content, string expected)
    {
        var scan = Scan(content);

        scan.Doubt.ShouldBeNull();
        scan.LookedFor.ShouldContain(Path.Combine(_folder.Path, expected));
    }

    [Theory]
    [InlineData("""<PropertyGroup Condition="Exists('$(FromSomewhere)/a.txt')" />""")]
    [InlineData("""<PropertyGroup><P>$(FromSomewhere)</P><A Condition="Exists('$(P)/a.txt')" /></PropertyGroup>""")]
    [InlineData("""<PropertyGroup><A Condition="Exists('$(MSBuildThisFileDirectory.Replace(`a`, `b`))a.txt')" /></PropertyGroup>""")]
    [InlineData("""<PropertyGroup><A>$([System.IO.FileInfo]::new('a.txt').Length)</A></PropertyGroup>""")]
    [InlineData("""<PropertyGroup><A>$([System.IO.File]::ReadAllText('$(FromSomewhere)'))</A></PropertyGroup>""")]
    [InlineData("""<PropertyGroup><A>$(Registry:HKEY_LOCAL_MACHINE\Software@Value)</A></PropertyGroup>""")]
    [InlineData("""<Import Project="many/**/*.props" />""")]
    [InlineData("""<Import Project="$(FromSomewhere)/*.props" />""")]
    [InlineData("""<Import Project="$([MSBuild]::GetPathOfFileAbove('$(FromSomewhere)', '$(MSBuildThisFileDirectory)'))" />""")]
    [InlineData("<PropertyGroup>")]
    public void What_cannot_be_told_is_a_doubt(string content) => Scan(content).Doubt.ShouldNotBeNull();

    [Theory]
    [InlineData("""<Target Name="T"><Message Condition="Exists('$(FromSomewhere)')" /></Target>""")]
    [InlineData("""<UsingTask TaskName="T"><Task><Code>File.Exists("$(FromSomewhere)")</Code></Task></UsingTask>""")]
    [InlineData("""<!-- Condition="Exists('$(FromSomewhere)')" -->""")]
    [InlineData("""<Import Project="$(FromSomewhere)/x.props" Condition="'$(FromSomewhere)' != ''" />""")]
    [InlineData("""<PropertyGroup><A>$([System.IO.Path]::Combine('$(FromSomewhere)', 'a'))</A></PropertyGroup>""")]
    [InlineData("""<ItemGroup><B Include="@(A->Exists())" /></ItemGroup>""")]
    public void What_an_evaluation_does_not_look_for_is_none(string content)
    {
        var scan = Scan(content);

        scan.Doubt.ShouldBeNull();
        scan.LookedFor.ShouldBeEmpty();
    }

    private EvaluationScan Scan(string content)
    {
        var project = _folder.Write("src/Shop.csproj", $"<Project>{content}</Project>");
        var scan = new EvaluationScan([project], Values().ToLookup(value => value.Name, value => value.Value, StringComparer.OrdinalIgnoreCase));
        scan.Add([project]);
        return scan;
    }

    private (string Name, string Value)[] Values() => [("Told", Path.Combine(_folder.Path, "told")), ("SolutionDir", "*Undefined*")];
}
