using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public sealed class GuardsTests
{
    private readonly LogLines _log = new();

    [Fact]
    public void A_name_that_no_guard_has_is_a_bad_setting_that_names_them_all()
    {
        var failure = Should.Throw<ConcurrentTestException>(() => new Guards(new ConcurrentTestSettings { Allow = ["standby-server", "all"] }, _log));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldBe(
            "--test-allow 'all': there is no such guard; there are production-environment, remote-server, standby-server, replicated-server, archiving-server, reaching-sql");
    }

    [Fact]
    public void Each_guard_is_allowed_by_its_own_name_alone()
    {
        foreach (var guard in GuardName.All)
        {
            foreach (var allowed in GuardName.All)
            {
                var guards = new Guards(new ConcurrentTestSettings { Allow = [allowed.Name] }, _log);
                if (guard == allowed)
                    guards.Refuse(guard, "It is so", "do not");
                else
                    Should.Throw<ConcurrentTestException>(() => guards.Refuse(guard, "It is so", "do not")).ExitCode.ShouldBe(ConcurrentTestExitCode.Refused);
                guards.Overridden.ShouldBe(guard == allowed ? [$"{guard.Name}: It is so"] : []);
            }
        }
    }
}
