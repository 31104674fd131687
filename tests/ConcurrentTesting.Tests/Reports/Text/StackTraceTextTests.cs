using System.Collections.Immutable;
using ConcurrentTesting.Reports.Text;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public class StackTraceTextTests
{
    [Fact]
    public void Frames_of_the_framework_are_cut_at_both_ends_and_kept_in_the_middle() =>
        Trim(
            """
               at Xunit.Assert.Equal[T](T expected, T actual) in /_/src/xunit.v3.assert/Asserts/EqualityAsserts.cs:line 155
               at Shop.Tests.OrderTests.Check(Int32 n) in /repo/tests/OrderTests.cs:line 12
               at System.Threading.Tasks.Task.InnerInvoke()
            --- End of stack trace from previous location ---
               at Shop.Tests.OrderTests.Pays() in /repo/tests/OrderTests.cs:line 30
            --- End of stack trace from previous location ---
               at System.Reflection.MethodBaseInvoker.InvokeWithNoArgs(Object obj, BindingFlags invokeAttr)
               at InvokeStub_OrderTests.Pays(Object, Object, IntPtr*)
               at NUnit.Framework.Internal.Reflect.InvokeMethod(MethodInfo method, Object fixture)
               at Microsoft.VisualStudio.TestPlatform.MSTest.TestAdapter.Execution.TestMethodInfo.Run()
            """).ShouldBe(
            [
                "at Shop.Tests.OrderTests.Check(Int32 n) in tests/OrderTests.cs:12",
                "at System.Threading.Tasks.Task.InnerInvoke()",
                "--- End of stack trace from previous location ---",
                "at Shop.Tests.OrderTests.Pays() in tests/OrderTests.cs:30",
            ]);

    [Fact]
    public void A_stack_of_nothing_but_the_framework_is_kept() =>
        Trim("   at Xunit.Sdk.Runner.Go()\n   at System.Reflection.X.Y()").ShouldBe(["at Xunit.Sdk.Runner.Go()", "at System.Reflection.X.Y()"]);

    [Fact]
    public void Sources_below_the_root_are_the_users_whatever_their_namespace() =>
        Trim("   at Xunit.Extensions.Ours.Go() in /repo/src/Ours.cs:line 3").ShouldBe(["at Xunit.Extensions.Ours.Go() in src/Ours.cs:3"]);

    [Fact]
    public void Where_the_exception_was_thrown_in_the_platform_is_kept() =>
        Trim("   at System.Linq.ThrowHelper.ThrowNoElementsException()\n   at Shop.X.Y()")[0].ShouldBe("at System.Linq.ThrowHelper.ThrowNoElementsException()");

    [Fact]
    public void A_stack_that_NUnit_gives_twice_is_shown_once() =>
        Trim("   at Shop.X.Y() in /repo/X.cs:line 3\n\n1)    at Shop.X.Y() in /repo/X.cs:line 3\n\n").ShouldBe(["at Shop.X.Y() in X.cs:3"]);

    [Fact]
    public void The_stacks_of_several_assertions_keep_their_numbers() =>
        Trim("   at Shop.X.Y() in /repo/X.cs:line 9\n1)    at Shop.X.Y() in /repo/X.cs:line 3\n2)    at Shop.X.Y() in /repo/X.cs:line 4\n")
            .ShouldBe(["at Shop.X.Y() in X.cs:9", "1)    at Shop.X.Y() in X.cs:3", "2)    at Shop.X.Y() in X.cs:4"]);

    [Theory]
    [InlineData("/repo/tests/A b/C.cs", "/repo", "tests/A b/C.cs")]
    [InlineData("/repo/tests/C.cs", "/repo/", "tests/C.cs")]
    [InlineData("/repository/C.cs", "/repo", "/repository/C.cs")]
    [InlineData("/_/tests/C.cs", "/repo", "tests/C.cs")]
    [InlineData(@"C:\repo\tests\C.cs", @"C:\repo", "tests/C.cs")]
    public void Files_are_relative_to_the_root_where_they_are_below_it(string file, string root, string expected) =>
        StackTraceText.RelativePath(file, root).ShouldBe(expected);

    private static ImmutableArray<string> Trim(string stackTrace) => StackTraceText.Trim(stackTrace, "/repo");
}
