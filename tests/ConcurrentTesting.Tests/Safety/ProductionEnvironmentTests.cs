using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public sealed class ProductionEnvironmentTests
{
    private readonly LogLines _log = new();

    [Theory]
    [InlineData("DOTNET_ENVIRONMENT", "Production")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "prod")]
    [InlineData("NUKE_ENVIRONMENT", " LIVE ")]
    [InlineData("DOTNET_ENVIRONMENT", "production-eu")]
    [InlineData("DOTNET_ENVIRONMENT", "prod1")]
    [InlineData("DOTNET_ENVIRONMENT", "Prod.EU")]
    [InlineData("DOTNET_ENVIRONMENT", "eu_prd_02")]
    [InlineData("DOTNET_ENVIRONMENT", "Produktion")]
    [InlineData("DOTNET_ENVIRONMENT", "eu1prod")]
    [InlineData("DOTNET_ENVIRONMENT", "shop live (blue)")]
    [InlineData("DOTNET_ENVIRONMENT", "non-eu-prod")]
    [InlineData("DOTNET_ENVIRONMENT", "non-prod/prod")]
    [InlineData("DOTNET_ENVIRONMENT", "canon-prod")]
    public void An_environment_that_says_production_is_refused(string variable, string value)
    {
        var refusal = Should.Throw<ConcurrentTestException>(() => Check(new ConcurrentTestSettings(), (variable, value)));

        refusal.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused);
        refusal.Message.ShouldContain($"{variable} is '{value.Trim()}'");
        refusal.Message.ShouldContain("--test-allow production-environment");
    }

    [Theory]
    [InlineData("DOTNET_ENVIRONMENT", "Development")]
    [InlineData("DOTNET_ENVIRONMENT", "")]
    [InlineData("ENVIRONMENT", "Production")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "NonProduction")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "non-production")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "Pre.Prod-1")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "PreProd")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "not live")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "pre_2_prod")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "liverpool")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "reproduction")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "product-test")]
    [InlineData("ASPNETCORE_ENVIRONMENT", "überprod")]
    public void Another_environment_does_not_say_production(string variable, string value) =>
        Check(new ConcurrentTestSettings(), (variable, value)).ShouldBe(ProductionVerdict.Proceed);

    [Fact]
    public void The_fallback_runs_the_tests_in_sequence()
    {
        var settings = new ConcurrentTestSettings { ProductionFallback = ProductionFallback.Sequential };

        Check(settings, ("DOTNET_ENVIRONMENT", "Production")).ShouldBe(ProductionVerdict.Sequential);
        _log.Text.ShouldContain("one after another");
    }

    [Fact]
    public void The_override_is_printed_and_recorded()
    {
        var settings = new ConcurrentTestSettings { Allow = ["production-environment"] };
        var guards = new Guards(settings, _log);

        ProductionEnvironment.Check(settings, guards, name => name == "DOTNET_ENVIRONMENT" ? "Production" : null, _log).ShouldBe(ProductionVerdict.Proceed);

        guards.Overridden.ShouldHaveSingleItem().ShouldStartWith("production-environment: DOTNET_ENVIRONMENT is 'Production'");
        _log.Text.ShouldContain("Allowed by --test-allow production-environment");
    }

    private ProductionVerdict Check(ConcurrentTestSettings settings, (string Name, string Value) variable) =>
        ProductionEnvironment.Check(settings, new Guards(settings, _log), name => name == variable.Name ? variable.Value : null, _log);
}
