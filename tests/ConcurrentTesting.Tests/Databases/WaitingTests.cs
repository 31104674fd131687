using System.Reflection;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

/// <summary>What a run waits for, and that it says so.</summary>
public sealed class WaitingTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Runs_that_live_have_time_to_take_their_locks_again_after_a_servers_start()
    {
        var waiting = LivingRuns.AwaitAsync(StartedAgo(TimeSpan.FromSeconds(4)), _time, TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromSeconds(5));
        waiting.IsCompleted.ShouldBeFalse();

        _time.Advance(TimeSpan.FromSeconds(1));
        await waiting;
    }

    [Fact]
    public void A_server_that_has_run_for_long_is_not_waited_for() =>
        LivingRuns.AwaitAsync(StartedAgo(TimeSpan.FromHours(1)), _time, TestContext.Current.CancellationToken).IsCompletedSuccessfully.ShouldBeTrue();

    [Fact]
    public void Waiting_for_another_runs_build_is_told_at_once_and_each_minute()
    {
        var log = new LogLines();
        var waiting = new TemplateWaiting("template", _time, log);
        for (var second = 0; second < 150; second++)
        {
            waiting.Tell();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        log.Text.Split('\n').Length.ShouldBe(3);
        log.Text.ShouldContain("for 2 min by now");
    }

    private static IServerDialect StartedAgo(TimeSpan uptime)
    {
        var dialect = DispatchProxy.Create<IServerDialect, UptimeOnly>();
        ((UptimeOnly)dialect).Uptime = uptime;
        return dialect;
    }
}

/// <summary>A server that tells how long it has run and nothing else.</summary>
public class UptimeOnly : DispatchProxy
{
    public TimeSpan Uptime { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Task.FromResult(Uptime);
}
