using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
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
    public async Task A_finished_database_that_is_gone_ends_the_run()
    {
        await using var hold = new Hold(_ => { });
        await hold.TakeAsync(Cancellation);
        hold.Finish("swept");
        var lost = new TaskCompletionSource();
        await using var registered = hold.Lost.Register(lost.SetResult);

        hold.LoseSession();

        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    private static async Task StaysHeldAsync(string finished, Action<Hold> meanwhile)
    {
        await using var hold = new Hold(meanwhile);
        await hold.TakeAsync(Cancellation);
        hold.Finish(finished);

        hold.LoseSession();
        await hold.HeldAgain.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        hold.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    private sealed class Session : IAsyncDisposable
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <param name="meanwhile">What the run does while the server answers.</param>
    private sealed class Hold(Action<Hold> meanwhile)
        : RunHold<Session>("run", "server:1", TimeSpan.FromSeconds(60), Redactor.Of(new ConcurrentTestSettings()), NullLogger.Instance, TimeProvider.System)
    {
        private readonly TaskCompletionSource _heldAgain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Session? _watched;

        /// <summary>The new session is watched.</summary>
        public Task HeldAgain => _heldAgain.Task;

        public void LoseSession() => _watched!.Ended.SetResult();

        protected override Task<Session> OpenAsync(CancellationToken cancellationToken) => Task.FromResult(new Session());

        protected override Task<bool> TryTakeRunAsync(Session run, CancellationToken cancellationToken) => Task.FromResult(true);

        protected override Task ShareTemplatesAsync(Session templates, CancellationToken cancellationToken) => Task.CompletedTask;

        protected override Task WatchAsync(Session run, CancellationToken cancellationToken)
        {
            if (_watched is not null)
                _heldAgain.TrySetResult();
            _watched = run;
            return run.Ended.Task.WaitAsync(cancellationToken);
        }

        protected override Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken)
        {
            meanwhile(this);
            return Task.FromResult<IReadOnlyList<string>>(["there"]);
        }

        protected override FaultCause Classify(Exception exception) => FaultCause.None;
    }
}
