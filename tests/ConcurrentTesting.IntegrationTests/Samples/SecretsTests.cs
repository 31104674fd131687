using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ConcurrentTesting.IntegrationTests.Databases;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>A password is where it has to be, in the environment of the tests whose database it opens, and nowhere else.</summary>
public sealed class SecretsTests(DatabaseServers servers)
{
    private const string Password = "s3cret-Qx7-pass'word";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_writes_no_password_and_gives_it_to_nobody_but_its_tests()
    {
        var connectionString = new NpgsqlConnectionStringBuilder(await servers.PostgreSqlAsync()) { Password = Password }.ConnectionString;
        using var run = SampleRun.Start(
            ["XUnit2"],
            ["--workers", "2", "--test-database", "postgresql", "--test-template", Repository.Schema("postgresql"), "--test-diagnostics", "--test-filter", "FullyQualifiedName~Trouble|FullyQualifiedName~Notice",
                "--verbosity", "Verbose"],
            ("NUKE_TEST_CONNECTION_STRING", connectionString),
            ("SAMPLE_FAIL", "1"));
        var seen = new HashSet<(string Command, string Environment)>();
        var end = run.EndAsync(Cancellation);
        // Processes come and go: all that one of many looks has met. One that is just being made is a copy of the run's own until it becomes what it is to be.
        while (await Task.WhenAny(end, Task.Delay(50, Cancellation)) != end)
        {
            var own = ProcessTree.CommandLine(run.ProcessId);
            seen.UnionWith(ProcessTree.Below(run.ProcessId).Select(id => (Command: ProcessTree.CommandLine(id), Environment: Environment(id))).Where(process => process.Command.Length > 0 && process.Command != own));
        }

        var outcome = await end;

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Output.ShouldNotContain(Password);
        seen.ShouldContain(process => process.Command.Contains("vstest.console"));
        seen.ShouldAllBe(process => !process.Command.Contains(Password));
        var entrusted = seen.Where(process => process.Environment.Contains(Password)).ToArray();
        entrusted.ShouldNotBeEmpty();
        entrusted.ShouldAllBe(process => process.Command.Contains("testhost"));
        entrusted.SelectMany(process => process.Environment.Split('\0')).Where(variable => variable.Contains(Password)).Select(variable => variable.Split('=')[0]).Distinct()
            .ShouldBe(["CONCURRENT_TEST_CONNECTION_STRING", "ConnectionStrings__Default"], ignoreOrder: true);
        entrusted.SelectMany(process => process.Environment.Split('\0')).Where(variable => variable.Contains(Password)).ShouldAllBe(variable => variable.Contains("Database=ct_r_"));
        var written = Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).ToArray();
        written.ShouldContain(file => file.EndsWith("run.json", StringComparison.Ordinal));
        written.ShouldContain(file => Path.GetFileName(file).StartsWith("vstest-", StringComparison.Ordinal));
        written.Where(Holds).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("pass")]
    [InlineData("test")]
    [InlineData("postgres")]
    public async Task A_guessable_password_breaks_no_file_and_is_masked_where_it_stands_as_one(string password)
    {
        var connectionString = new NpgsqlConnectionStringBuilder(await servers.PostgreSqlAsync()) { Password = password }.ConnectionString;

        using var run = SampleRun.Start(
            ["XUnit2", "NUnit"],
            ["--workers", "2", "--test-database", "postgresql", "--test-template", Repository.Schema("postgresql"), "--test-diagnostics", "--test-filter", "FullyQualifiedName~Trouble|FullyQualifiedName~Notice"],
            ("NUKE_TEST_CONNECTION_STRING", connectionString),
            ("SAMPLE_FAIL", "1"));
        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Incidents.ShouldNotContain("trx-damaged");
        outcome.Output.ShouldContain("is masked where it stands as a password");
        outcome.Output.Split('\n')[^1].ShouldMatch(@"^\d+ passed, \d+ failed, \d+ skipped$");
        outcome.Tests.ShouldNotContain(test => test.Name.Contains("***"));
        var written = Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).ToArray();
        written.Count(file => file.EndsWith(".trx", StringComparison.Ordinal)).ShouldBeGreaterThan(2);
        foreach (var file in written.Where(file => Path.GetExtension(file) is ".trx" or ".xml"))
            XDocument.Load(file);
        written.Where(file => Regex.IsMatch(File.ReadAllText(file), $"""(password|pwd)(=|"?: ?")['"]?{password}\b""", RegexOptions.IgnoreCase)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_connection_string_on_the_command_line_is_warned_of()
    {
        var connectionString = new NpgsqlConnectionStringBuilder(await servers.PostgreSqlAsync()) { Password = Password }.ConnectionString;

        var outcome = await SampleRun.RunAsync(
            ["XUnit2"], ["--workers", "1", "--test-database", "postgresql", "--test-connection-string", connectionString, "--test-list"], Cancellation);

        outcome.Output.ShouldContain("NUKE_TEST_CONNECTION_STRING");
        outcome.Output.ShouldNotContain(Password);
    }

    private static bool Holds(string file)
    {
        var bytes = File.ReadAllBytes(file);
        return new[] { Encoding.UTF8, Encoding.Unicode }.Any(encoding => bytes.AsSpan().IndexOf(encoding.GetBytes(Password)) >= 0)
            // As XML and JSON write the apostrophe.
            || Encoding.UTF8.GetString(bytes).Contains("s3cret-Qx7-pass", StringComparison.Ordinal);
    }

    private static string Environment(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ");
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
