using System.Globalization;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>How many workers there are where nobody asks for a number.</summary>
public sealed class WorkersThatPayTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void They_are_the_cores_where_nothing_is_known() =>
        WorkersThatPay.Of(TimingStore.Empty, 4, null).ShouldBe(new WorkersThatPay(4, null));

    [Fact]
    public async Task Waiting_tests_get_as_many_as_keep_the_cores_computing() =>
        WorkersThatPay.Of(await Timings(seconds: 300, waiting: 0.67), 2, null).ShouldBe(new WorkersThatPay(6, "67 % of the time is waiting"));

    [Fact]
    public async Task Tests_that_compute_get_the_cores() =>
        WorkersThatPay.Of(await Timings(seconds: 300, waiting: 0.05), 4, null).ShouldBe(new WorkersThatPay(4, null));

    [Fact]
    public async Task Few_seconds_of_tests_are_not_worth_many_starts() =>
        WorkersThatPay.Of(await Timings(seconds: 2, waiting: 0.9), 2, null)
            .ShouldBe(new WorkersThatPay(2, null));

    [Fact]
    public async Task Many_cores_are_not_all_used_for_little() =>
        WorkersThatPay.Of(await Timings(seconds: 1, waiting: 0.1), 16, null).ShouldBe(new WorkersThatPay(4, "more would take longer to start than they save of 1.0 s of tests"));

    [Fact]
    public async Task Memory_has_to_have_room_for_their_test_hosts() =>
        WorkersThatPay.Of(await Timings(seconds: 900, waiting: 0.9), 4, 600L << 20)
            .ShouldBe(new WorkersThatPay(2, "600 MB of memory have room for no more"));

    [Fact]
    public async Task There_is_always_one_worker() =>
        WorkersThatPay.Of(await Timings(seconds: 0.01, waiting: 0.1), 8, 1).Workers.ShouldBe(1);

    private async Task<TimingStore> Timings(double seconds, double waiting)
    {
        await File.WriteAllTextAsync(
            _file,
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                {"version":1,"worker":{"seconds":1,"samples":2},
                 "tests":{"Shop.Tests (net10.0)/A.B.C":{ "seconds": {{seconds}}, "samples": 1 } },
                 "assemblies":{"Shop.Tests (net10.0)":{ "waiting": {{waiting}} } } }
                """),
            Cancellation);
        return await TimingStore.LoadAsync(_file, problem => throw new InvalidOperationException(problem), Cancellation);
    }
}
