using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public class ResultReaderTests
{
    [Fact]
    public void A_password_at_the_cap_is_masked_before_the_text_is_cut()
    {
        const string Password = "s3cret-Qx7-word";
        var redactor = new Redactor();
        redactor.Register(Password);
        for (var before = (TextCap.Stream / 2) - 60 - Password.Length; before < TextCap.Stream / 2; before++)
        {
            var text = new string('x', before) + Password + new string('y', TextCap.Stream);
            var result = new Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult(new TestCase("A.B", new Uri("executor://x"), "a.dll")) { ErrorMessage = text, ErrorStackTrace = text };
            result.Messages.Add(new TestResultMessage(TestResultMessage.StandardOutCategory, text));

            var attempt = HostAttempt.Of(ResultReader.Read(result, TestFramework.XUnit2), 0, 0, null, null, redactor);

            foreach (var kept in new[] { attempt.Message!, attempt.StackTrace!, attempt.StandardOutput! })
            {
                kept.ShouldNotContain("xs3", customMessage: $"{before}");
                kept.ShouldNotContain("wordy");
            }
        }
    }

    [Fact]
    public void A_test_whose_name_its_adapter_did_not_know_has_the_name_of_its_case()
    {
        var result = new Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult(
            new TestCase("Shop.Orders.Adds", new Uri("executor://x"), "a.dll") { DisplayName = "Shop.Orders.Adds(row: 1)" })
        { DisplayName = "<unknown test ID af3c8861fbd0e338>" };

        ResultReader.Read(result, TestFramework.XUnit3).DisplayName.ShouldBe("Shop.Orders.Adds(row: 1)");
    }
}
