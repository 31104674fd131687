using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("Host=h;Password=hunter22;Database=d")]
    [InlineData("Server=h;Pwd='hunter22'")]
    public void A_password_is_masked_wherever_it_stands(string connectionString)
    {
        var secrets = Secrets.Of(new ConcurrentTestSettings { ConnectionString = connectionString });

        secrets.Redact($"cannot open {connectionString}: password hunter22 is wrong").ShouldBe("cannot open ***: password *** is wrong");
    }

    [Fact]
    public void A_text_that_is_no_connection_string_is_masked_as_a_whole() =>
        Secrets.Of(new ConcurrentTestSettings { ConnectionString = "postgres://app:hunter22@host" }).Redact("postgres://app:hunter22@host?").ShouldBe("***?");

    [Fact]
    public void A_secret_that_contains_another_is_masked_whole()
    {
        var secrets = new Secrets();
        secrets.Add("hunter");
        secrets.Add("hunter22");

        secrets.Redact("hunter22").ShouldBe("***");
    }
}
