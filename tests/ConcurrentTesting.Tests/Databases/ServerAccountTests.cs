using ConcurrentTesting.Databases.Throwaway;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class ServerAccountTests
{
    [Theory]
    [InlineData("ServerAccountTestsToken")]
    [InlineData("NUKE_SERVER_ACCOUNT_TESTS")]
    [InlineData("PGSERVERACCOUNTTESTS")]
    public void A_throwaway_server_gets_neither_secrets_nor_what_steers_it(string variable)
    {
        var settings = new ConcurrentTestSettings { SecretVariables = ["ServerAccountTestsToken"] };
        Environment.SetEnvironmentVariable(variable, "value");
        try
        {
            var environment = new ServerAccount(null, settings).StartInfo("postgres", [], "/").Environment;

            environment.Keys.ShouldNotContain(variable);
            environment.Keys.ShouldContain("PATH");
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }
}
