using ConcurrentTesting.Databases.Server;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class OwnDatabaseNameTests
{
    [Theory]
    [InlineData("run1", "main_w0_1")]
    [InlineData("20260101-120000-abcdef0123456789", "main_w255_100000")]
    [InlineData("ÄÖÜ", "a_very_long_name_of_a_database_that_does_not_fit_w0_1")]
    [InlineData("Run.With/Odd:Characters", "Main")]
    public void A_name_of_a_run_is_recognised_and_fits(string run, string label)
    {
        var name = OwnDatabaseName.OfRun(run, label).ToString();

        name.Length.ShouldBeLessThanOrEqualTo(63);
        name.ShouldMatch("^[a-z0-9_]+$");
        var parsed = OwnDatabaseName.Parse(name).ShouldNotBeNull();
        parsed.Kind.ShouldBe(OwnDatabaseKind.Run);
        parsed.Owner.ShouldBe(OwnDatabaseName.RunToken(run));
    }

    [Fact]
    public void Long_names_that_differ_at_their_end_stay_different()
    {
        var names = new[] { "a", "b" }.Select(end => OwnDatabaseName.OfRun(new string('x', 40) + end, new string('y', 60) + end).ToString());

        names.Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public void A_name_with_one_character_changed_is_not_ours()
    {
        var name = OwnDatabaseName.OfRun("run1", "main_w0_1").ToString();

        for (var index = 0; index < name.Length; index++)
        {
            var changed = name.ToCharArray();
            changed[index] = changed[index] == '0' ? '1' : '0';
            OwnDatabaseName.Parse(new string(changed)).ShouldBeNull();
        }

        OwnDatabaseName.Parse(name + "\n").ShouldBeNull();
        OwnDatabaseName.Parse(name + "0").ShouldBeNull();
        OwnDatabaseName.Parse(name.ToUpperInvariant()).ShouldBeNull();
    }
}
