using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public sealed class ServerHostTests
{
    private readonly LogLines _log = new();

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData(" 0.0.0.0")]
    [InlineData("0")]
    [InlineData("::")]
    [InlineData("[::]")]
    [InlineData("0:0:0:0:0:0:0:0")]
    [InlineData("::ffff:0.0.0.0")]
    public async Task An_address_that_names_no_server_is_refused_with_its_reason(string host)
    {
        var refusal = await Should.ThrowAsync<ConcurrentTestException>(() => CheckAsync(host, new ConcurrentTestSettings()));

        refusal.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused);
        refusal.Message.ShouldContain($"{host} is not the address of a database server");
        refusal.Message.ShouldContain("write 127.0.0.1");
    }

    [Fact]
    public async Task It_is_let_through_where_the_user_allows_it()
    {
        await CheckAsync("0.0.0.0", new ConcurrentTestSettings { Allow = ["remote-server"] });

        _log.Text.ShouldContain("Allowed by --test-allow remote-server");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("/run/postgresql")]
    public async Task This_machine_is_not_refused(string host) => await CheckAsync(host, new ConcurrentTestSettings());

    [Theory]
    [InlineData("docker0", true)]
    [InlineData("br-0123456789ab", true)]
    [InlineData("br-lan", false)]
    [InlineData("br-ex", false)]
    [InlineData("bridge0", false)]
    [InlineData("eth0", false)]
    public void Only_bridges_of_containers_and_virtual_machines_lead_to_what_is_beside_this_machine(string name, bool isBridge) =>
        ServerHost.IsBridge(name, isLinux: true).ShouldBe(isBridge);

    private Task CheckAsync(string host, ConcurrentTestSettings settings) =>
        ServerHost.CheckAsync(host, settings, new Guards(settings, _log), TestContext.Current.CancellationToken);
}
