using System.Collections.Frozen;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class HarmlessErrorsTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();
    private static readonly TestEntry Test = Catalogs.Entry(Assembly, "Shop.Tests.BasketTests", "Adds");

    [Fact]
    public void Echo_of_a_failed_test_is_harmless() => IsHarmless(AdapterErrorKind.Other, "Shop.Tests.BasketTests.Adds [FAIL]").ShouldBeTrue();

    [Fact]
    public void Set_up_whose_tests_failed_with_it_is_harmless() => IsHarmless(AdapterErrorKind.SetUp, "no table", hasFailed: true).ShouldBeTrue();

    [Fact]
    public void Set_up_that_failed_no_test_is_a_failure() => IsHarmless(AdapterErrorKind.SetUp, "no table").ShouldBeFalse();

    [Fact]
    public void Word_of_a_host_that_died_is_harmless() => IsHarmless(AdapterErrorKind.Other, "The active test run was aborted.", fault: "died").ShouldBeTrue();

    [Fact]
    public void Clean_up_that_threw_is_a_failure_whatever_else_happened() => IsHarmless(AdapterErrorKind.CleanUp, "no table", hasFailed: true, fault: "died").ShouldBeFalse();

    [Fact]
    public void Error_that_nothing_explains_is_a_failure() => IsHarmless(AdapterErrorKind.Other, "[FATAL ERROR] System.Exception", hasFailed: true).ShouldBeFalse();

    [Fact]
    public void Every_harmless_error_has_its_reason() => HarmlessErrors.Known.ShouldAllBe(harmless => harmless.Reason.EndsWith('.'));

    private static bool IsHarmless(AdapterErrorKind kind, string message, bool hasFailed = false, string? fault = null) => HarmlessErrors.Contains(
        new AdapterError(kind, "", null, message, null),
        new BatchEnd
        {
            Batch = BatchOf.Entries(Assembly, [(Test, 1.0)], BatchReasons.Plan, null),
            Worker = 0,
            Rows = FrozenDictionary<TestEntry, int>.Empty,
            Failed = hasFailed ? new HashSet<TestEntry> { Test } : [],
            Active = FrozenSet<TestEntry>.Empty,
            TimedOut = FrozenSet<TestEntry>.Empty,
            Fault = fault,
        });
}
