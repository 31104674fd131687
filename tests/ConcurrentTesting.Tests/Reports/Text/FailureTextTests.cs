using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Console;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public class FailureTextTests
{
    private static readonly ConcurrentTestSettings Settings = new() { RootDirectory = "/repo", ResultsDirectory = "/repo/out" };
    private static readonly TestAttempt Failed = SampleRun.Attempt(TestOutcome.Failed, worker: 3, seconds: 1.234);

    [Fact]
    public void A_failure_is_printed_with_message_stack_and_the_end_of_its_output()
    {
        var test = SampleRun.Result(SampleRun.Entry("Places_an_order(3)"), Failed with
        {
            Number = 2,
            Message = "Assert.Equal() Failure: Values differ\r\nExpected: 1\r\nActual:   2\r\n",
            StackTrace = "   at Shop.Tests.OrderTests.Places_an_order(Int32 n) in /repo/tests/Shop.Tests/OrderTests.cs:line 42\n   at InvokeStub_OrderTests.Places_an_order(Object, Span`1)\n",
            StandardOutput = string.Concat(Enumerable.Range(1, 25).Select(i => $"line {i}\n")),
            StandardError = "oh\n",
        });
        var expected =
            """
            FAIL  Shop.Tests.OrderTests.Places_an_order(3)  [Shop.Tests (net10.0), worker 3, 1.23s, attempt 2]
              Assert.Equal() Failure: Values differ
              Expected: 1
              Actual:   2
                at Shop.Tests.OrderTests.Places_an_order(Int32 n) in tests/Shop.Tests/OrderTests.cs:42
              output (last 20 of 25 lines):
            """ + string.Concat(Enumerable.Range(6, 20).Select(i => $"\n  | line {i}")) + "\n  error output:\n  | oh";
        FailureText.Full(test, Settings, new Redactor()).ShouldBe(expected);
    }

    [Fact]
    public void A_crash_is_printed_with_the_users_own_part_of_what_the_process_wrote()
    {
        var test = SampleRun.Result(SampleRun.Entry("Pays"), Failed with
        {
            Cause = AttemptCauses.Crashed,
            Message = "The test process died while this test ran: SIGABRT: Process terminated.\nout of stock\n   at System.Environment.FailFast(System.String)\n"
                + "   at Shop.Tests.OrderTests.Pays()\n   at System.Reflection.MethodBaseInvoker.InvokeWithNoArgs(System.Object)\n   at NUnit.Framework.Internal.Reflect.InvokeMethod()\n1 row arrived.",
        });
        FailureText.Full(test, Settings, new Redactor()).ShouldEndWith(
            "Process terminated.\n  out of stock\n     at System.Environment.FailFast(System.String)\n     at Shop.Tests.OrderTests.Pays()\n  1 row arrived.");
    }

    [Theory]
    [InlineData(TestOutcome.Failed, "FAIL  ")]
    [InlineData(TestOutcome.Error, "NO RESULT  ")]
    [InlineData(TestOutcome.TimedOut, "TIMEOUT  ")]
    internal void The_header_says_how_it_failed(TestOutcome outcome, string start) =>
        Full(Failed with { Outcome = outcome }).ShouldStartWith(start);

    [Fact]
    public void A_failure_without_message_and_stack_says_so_and_names_the_place()
    {
        var test = SampleRun.Result(SampleRun.Entry("Pays"), Failed) with { SourceFile = "/repo/tests/OrderTests.cs", Line = 7 };
        FailureText.Full(test, Settings, new Redactor()).ShouldEndWith("]\n  (no message)\n    in tests/OrderTests.cs:7");
    }

    [Fact]
    public void Emoji_and_other_scripts_survive_and_control_characters_are_shown()
    {
        var text = Full(Failed with { Message = "日本 👩‍👩‍👧 \e[31mred\e[0m \e[2J \u009b1A \u202Eevil \ud800 tab\there" });
        text.ShouldContain("日本 👩‍👩‍👧 red \\u001b[2J \\u009b1A \\u202eevil \uFFFD tab\there");
    }

    [Fact]
    public void Long_messages_stacks_lines_and_names_are_cut_with_a_note()
    {
        Full(Failed with { Message = new string('x', 5000) }).ShouldContain("x... (1000 more characters)");
        Full(Failed with { Message = string.Concat(Enumerable.Repeat("y\n", 100)) }).ShouldContain("\n  y\n  ... (40 more lines)");
        Full(Failed with { StackTrace = string.Concat(Enumerable.Repeat("   at A.B()\n", 100)) }).ShouldContain("\n    at A.B()\n    ... (60 more frames)");
        Full(Failed with { StandardOutput = new string('z', 600) }).ShouldContain("z... (100 more characters)");
        var test = SampleRun.Result(SampleRun.Entry($"Long(\"{new string('n', 1000)}\")"), Failed);
        FailureText.Header(test, new Redactor()).Length.ShouldBeLessThan(400);
    }

    [Fact]
    public void A_cut_never_halves_an_emoji() =>
        Full(Failed with { Message = "x" + string.Concat(Enumerable.Repeat("👍", 3000)) }).ShouldNotContain('\uFFFD');

    [Fact]
    public void The_end_of_megabytes_of_output_is_found_quickly()
    {
        var output = string.Concat(Enumerable.Repeat(new string('o', 99) + "\n", 100_000));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Full(Failed with { StandardOutput = output }).ShouldContain("output (last 20 of 100000 lines):");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_secret_that_a_limit_would_cut_in_half_does_not_show()
    {
        var redactor = new Redactor();
        redactor.Register("0123-456789");
        var test = SampleRun.Result(SampleRun.Entry("Pays"), Failed with { Message = new string('x', 3995) + "0123-456789" });
        FailureText.Full(test, Settings, redactor).ShouldNotContain("0123");
    }

    [Fact]
    public void A_name_is_one_line() =>
        FailureText.Header(SampleRun.Result(SampleRun.Entry("Reads(text: \"a\r\n\tb\")"), Failed), new Redactor())
            .ShouldStartWith("FAIL  Shop.Tests.OrderTests.Reads(text: \"a\\r\\n\\tb\")  [");

    private static string Full(TestAttempt attempt) => FailureText.Full(SampleRun.Result(SampleRun.Entry("Pays"), attempt), Settings, new Redactor());
}
