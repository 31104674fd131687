using System.Diagnostics;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class SdkResolverTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("""{ "sdk": { "version": "8.0.100", "rollForward": "latestMajor" } }""")]
    public async Task SDK_is_the_one_that_the_command_names(string? globalJson)
    {
        if (globalJson is not null)
            _folder.Write("global.json", globalJson);
        var dotnet = VsTestLocation.FindDotNet();

        var found = SdkResolver.Find(dotnet, _folder.Path);

        found.ShouldNotBeNull();
        Path.GetFileName(found).ShouldBe(await VersionAsync(dotnet));
        var location = await VsTestLocation.FindAsync(_folder.Path, Cancellation);
        location.SdkVersion.ShouldBe(Path.GetFileName(found));
        location.Console.ShouldBe(Path.Combine(found, "vstest.console.dll"));
    }

    [Fact]
    public async Task SDK_that_is_not_installed_is_none_and_the_command_says_so()
    {
        _folder.Write("global.json", """{ "sdk": { "version": "7.0.999", "rollForward": "disable" } }""");

        SdkResolver.Find(VsTestLocation.FindDotNet(), _folder.Path).ShouldBeNull();
        (await Should.ThrowAsync<ConcurrentTestException>(VsTestLocation.FindAsync(_folder.Path, Cancellation))).Message.ShouldContain("No .NET SDK applies");
    }

    [Fact]
    public void Without_a_resolver_beside_the_command_there_is_no_answer()
    {
        SdkResolver.Find(Path.Combine(_folder.Path, "dotnet"), _folder.Path).ShouldBeNull();
        Directory.CreateDirectory(Path.Combine(_folder.Path, "host", "fxr", "10.0.0"));
        SdkResolver.Find(Path.Combine(_folder.Path, "dotnet"), _folder.Path).ShouldBeNull();
    }

    private async Task<string> VersionAsync(string dotnet)
    {
        using var process = Process.Start(new ProcessStartInfo(dotnet, ["--version"]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true })!;
        return (await process.StandardOutput.ReadToEndAsync(Cancellation)).Trim();
    }
}
