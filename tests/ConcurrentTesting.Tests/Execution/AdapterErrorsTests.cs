using ConcurrentTesting.Execution;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

/// <summary>What the adapters really say, as it was recorded of xunit's 4.0.1, NUnit's 6.3.1 and MSTest's 4.5.2.</summary>
public sealed class AdapterErrorsTests
{
    private readonly AdapterErrors _errors = new("Shop.Tests");

    [Fact]
    public void Echo_of_a_failing_test_is_no_error_of_its_own()
    {
        Hear(HostMessageLevel.Error, "[xUnit.net 00:00:00.43]     X2.ClassFx.Fails [FAIL]");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.43]       Assert.Equal() Failure: Values differ");

        _errors.All.ShouldBeEmpty();
    }

    [Fact]
    public void Failed_clean_up_of_xunit_has_its_message_and_stack_from_the_lines_after_it()
    {
        Hear(HostMessageLevel.Error, "[xUnit.net 00:00:00.45]     [Test Class Cleanup Failure (X2.ClassFx)] System.InvalidOperationException");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.45]       System.InvalidOperationException : class fixture dispose broke");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.45]       second line");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.45]       Stack Trace:");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.45]         /play/T.cs(2,0): at X2.Fx.Dispose()");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.46]   Finished:    x2");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:00.46]       something else");

        _errors.All.ShouldHaveSingleItem().ShouldBe(new AdapterError(
            AdapterErrorKind.CleanUp,
            "Class clean-up X2.ClassFx",
            "X2.ClassFx",
            "System.InvalidOperationException : class fixture dispose broke\nsecond line",
            "/play/T.cs(2,0): at X2.Fx.Dispose()"));
    }

    [Theory]
    [InlineData("[Test Collection Cleanup Failure (Db)] Xunit.Sdk.TestPipelineException", "Collection clean-up Db")]
    [InlineData("[Test Assembly Cleanup Failure (/play/x3/bin/Debug/net10.0/x3.dll)] Xunit.Sdk.TestPipelineException", "Assembly clean-up Shop.Tests")]
    public void Each_scope_of_xunit_is_known(string text, string subject)
    {
        Hear(HostMessageLevel.Error, $"[xUnit.net 00:00:01.75]     {text}");

        _errors.All.ShouldHaveSingleItem().Subject.ShouldBe(subject);
    }

    [Fact]
    public void One_error_ends_the_details_of_the_one_before()
    {
        Hear(HostMessageLevel.Error, "[xUnit.net 00:00:01.67]     [Test Collection Cleanup Failure (Db)] System.Exception");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:01.67]       System.Exception : first");
        Hear(HostMessageLevel.Error, "[xUnit.net 00:00:01.70]     X3.ClassFx.Fails [FAIL]");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:01.70]       a failed assertion");
        Hear(HostMessageLevel.Error, "[xUnit.net 00:00:01.84]     [FATAL ERROR] System.Exception");
        Hear(HostMessageLevel.Information, "[xUnit.net 00:00:01.84]       System.Exception : on a thread");

        _errors.All.Select(error => (error.Kind, error.Message)).ShouldBe([(AdapterErrorKind.CleanUp, "System.Exception : first"), (AdapterErrorKind.Other, "System.Exception : on a thread")]);
    }

    [Theory]
    [InlineData("TearDown failed for test fixture NU.Down\nOne or more child tests had errors\nTearDown : System.Exception : broke\nStackTrace: --TearDown\n   at NU.Down.D()", AdapterErrorKind.CleanUp, "Tear-down NU.Down")]
    [InlineData("TearDown failed for test fixture NU.Shared.P(1)\nTearDown : System.Exception : broke\nStackTrace: --TearDown\n   at NU.Shared.P.D()", AdapterErrorKind.CleanUp, "Tear-down NU.Shared.P(1)")]
    [InlineData("Setup failed for test fixture NU.UpBroke\nTearDown : System.Exception : broke\nStackTrace: --SetUp", AdapterErrorKind.SetUp, "Set-up NU.UpBroke")]
    internal void Fixture_of_NUnit_that_fails_is_known_by_its_name(string text, AdapterErrorKind kind, string subject)
    {
        Hear(HostMessageLevel.Error, text);

        var error = _errors.All.ShouldHaveSingleItem();
        (error.Kind, error.Subject, error.Message).ShouldBe((kind, subject, "TearDown : System.Exception : broke"));
        error.StackTrace.ShouldNotBeNull().ShouldStartWith("--");
    }

    [Fact]
    public void Fixture_of_NUnit_whose_story_comes_in_a_second_message_is_one_error()
    {
        Hear(HostMessageLevel.Error, "TearDown failed for test fixture NU.Down");
        Hear(HostMessageLevel.Error, "One or more child tests had errors\nTearDown : System.Exception : broke\nStackTrace: --TearDown\n   at NU.Down.D()");
        Hear(HostMessageLevel.Error, "something else");

        _errors.All.Select(error => (error.Kind, error.Message)).ShouldBe([(AdapterErrorKind.CleanUp, "TearDown : System.Exception : broke"), (AdapterErrorKind.Other, "something else")]);
    }

    [Fact]
    public void Anything_else_at_the_level_of_errors_is_an_error()
    {
        Hear(HostMessageLevel.Error, "An exception occurred while invoking executor");
        Hear(HostMessageLevel.Warning, "a warning");

        _errors.All.ShouldHaveSingleItem().ShouldBe(new AdapterError(AdapterErrorKind.Other, "", null, "An exception occurred while invoking executor", null));
    }

    [Theory]
    [InlineData("Class Cleanup method Cls.D failed. Error Message: System.Exception: broke.", "Class clean-up Cls.D")]
    [InlineData("Assembly Cleanup method Asm.D failed. Error Message: System.Exception: broke.", "Assembly clean-up Asm.D")]
    [InlineData("Assertion failed.", null)]
    public void Result_of_MSTest_that_tells_of_a_clean_up_is_known_by_its_message(string message, string? subject) =>
        AdapterErrors.OfResult(message, "at Cls.D()")?.Subject.ShouldBe(subject);

    private void Hear(HostMessageLevel level, string text) => _errors.Add(level, text);
}
