using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class RunHoldTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_database_that_is_made_while_the_server_is_asked_for_what_is_there_is_not_missed() => StaysHeldAsync("there", hold => hold.Finish("made_meanwhile"));

    [Fact]
    public Task A_database_that_is_dropped_while_the_server_is_asked_for_what_is_there_is_not_missed() =>
        StaysHeldAsync("dropped_meanwhile", hold => hold.Abandon("dropped_meanwhile"));

    [Fact]
    public Task A_database_that_the_tests_have_dropped_while_others_are_there_does_not_end_the_run() =>
        StaysHeldAsync("there", _ => { }, "dropped_by_tests");

    [Fact]
    public async Task Finished_databases_that_are_all_gone_end_the_run()
    {
        var server = new LockServer();
        await using var hold = Hold(server);
        await hold.TakeAsync(Cancellation);
        hold.Finish("swept");
        hold.Finish("swept_too");
        var lost = new TaskCompletionSource();
        await using var registered = hold.Lost.Register(lost.SetResult);

        server.End(0);

        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task A_session_for_templates_that_still_answers_keeps_its_locks_when_the_runs_own_is_lost()
    {
        var server = new LockServer();
        await using var hold = Hold(server);
        await hold.TakeAsync(Cancellation);
        var template = LockName.OfTemplate("template");
        (await hold.Locks.TryAsync(template, Cancellation)).ShouldBeTrue();

        server.End(0);
        await server.WatchedAgain.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        (await hold.Locks.HoldsAsync(template, Cancellation)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_template_is_shared_again_in_a_new_session_and_what_was_held_alone_is_lost()
    {
        var server = new LockServer();
        await using var hold = Hold(server);
        await hold.TakeAsync(Cancellation);
        var (shared, alone) = (LockName.OfTemplate("shared"), LockName.OfTemplate("alone"));
        await hold.Locks.TryShareAsync(shared, Cancellation);
        await hold.Locks.TryAsync(alone, Cancellation);

        server.End(1);
        server.End(0);
        await server.WatchedAgain.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        server.Sessions[^1].Shared.ShouldBe([shared]);
        (await hold.Locks.HoldsAsync(alone, Cancellation)).ShouldBeFalse();
        (await hold.Locks.TryAsync(alone, Cancellation)).ShouldBeTrue();
        (await hold.Locks.TryAsync(LockName.OfRun("dead"), Cancellation)).ShouldBeFalse();
    }

    private static async Task StaysHeldAsync(string finished, Action<RunHold> meanwhile, params string[] others)
    {
        var server = new LockServer();
        await using var hold = Hold(server);
        server.Meanwhile = () => meanwhile(hold);
        await hold.TakeAsync(Cancellation);
        hold.Finish(finished);
        foreach (var other in others)
            hold.Finish(other);

        server.End(0);
        await server.WatchedAgain.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        hold.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    private static RunHold Hold(LockServer server)
    {
        var settings = new ConcurrentTestSettings();
        var guards = new Guards(settings, NullLogger.Instance);
        return new RunHold(server, new ServerContext(settings, "run", IsOurs: false, [], guards, Redactor.Of(settings), NullLogger.Instance, TimeProvider.System));
    }

    private sealed class LockServer : ILockServer
    {
        private readonly TaskCompletionSource _watchedAgain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _watched;

        public string Address => "server:1";

        public List<Session> Sessions { get; } = [];

        /// <summary>What the run does while the server answers.</summary>
        public Action Meanwhile { get; set; } = () => { };

        /// <summary>The new session is watched.</summary>
        public Task WatchedAgain => _watchedAgain.Task;

        public void End(int session) => Sessions[session].Ended.SetResult();

        public void Watched()
        {
            if (Interlocked.Increment(ref _watched) > 1)
                _watchedAgain.TrySetResult();
        }

        public Task<ILockSession> OpenLockSessionAsync(CancellationToken cancellationToken)
        {
            Sessions.Add(new Session(this));
            return Task.FromResult<ILockSession>(Sessions[^1]);
        }

        public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken)
        {
            Meanwhile();
            return Task.FromResult<IReadOnlyList<string>>(["there"]);
        }

        public FaultCause Classify(Exception exception) => FaultCause.None;
    }

    private sealed class Session(LockServer server) : ILockSession
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<LockName> Shared { get; } = [];

        public bool IsOpen => !Ended.Task.IsCompleted;

        public Task<bool> TryAsync(LockName name, CancellationToken cancellationToken) => Task.FromResult(true);

        public Task<bool> TryShareAsync(LockName name, CancellationToken cancellationToken)
        {
            Shared.Add(name);
            return Task.FromResult(true);
        }

        public Task ReleaseAsync(LockName name, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task UnshareAsync(LockName name, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<bool> HoldsAsync(LockName name, CancellationToken cancellationToken) => Task.FromResult(true);

        public Task WatchAsync(LockName name, CancellationToken cancellationToken)
        {
            server.Watched();
            return Ended.Task.WaitAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
