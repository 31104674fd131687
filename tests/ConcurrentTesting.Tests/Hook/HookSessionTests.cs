extern alias hook;

using hook::ConcurrentTesting.TestHook;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class HookSessionTests
{
    [Theory]
    [InlineData("testhost", true)]
    [InlineData("testhost.x86", true)]
    [InlineData("testhost.arm64", true)]
    [InlineData("testhost.net48", true)]
    [InlineData("TestHost.net472.x86", true)]
    [InlineData("TestHosting.Tests", false)]
    [InlineData("TestHostTests", false)]
    [InlineData("TestHost.Tests", false)]
    [InlineData("testhost.network", false)]
    [InlineData("testhost.", false)]
    [InlineData("vstest.console", false)]
    public void Test_host_is_told_from_a_suite_that_is_named_like_it(string program, bool isTestHost) =>
        HookSession.IsTestHost(program).ShouldBe(isTestHost);
}
