using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public class RedactorTests
{
    [Theory]
    [InlineData("Host=db;Username=me;Password=geheim1", "geheim1")]
    [InlineData("Server=db;Uid=me;Pwd='ge;heim'", "ge;heim")]
    [InlineData("Host=db;Password=geheim1;SSL Password=other22", "other22")]
    [InlineData("postgresql://me:ge%40heim@db:5432/postgres", "ge@heim")]
    [InlineData("postgresql://me:ge%40heim@db:5432/postgres", "ge%40heim")]
    public void Passwords_in_connection_strings_are_known(string connectionString, string password)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(connectionString);
        redactor.Redact($"<{password}>").ShouldBe("<***>");
        redactor.Redact($"<{connectionString}>").ShouldBe("<***>");
    }

    [Fact]
    public void What_is_not_a_connection_string_is_a_secret_as_a_whole()
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString("just some words");
        redactor.Redact("with just some words in it").ShouldBe("with *** in it");
    }

    [Theory]
    [InlineData("Host=db;Username=postgres;Password=postgres")]
    [InlineData("postgresql://postgres:postgres@db/other")]
    public void A_password_that_is_also_the_user_garbles_no_message(string connectionString)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(connectionString);
        redactor.Redact($"{connectionString}: postgresql 18 refuses postgres").ShouldBe("***: postgresql 18 refuses postgres");
    }

    [Fact]
    public void Overlapping_secrets_leave_nothing_behind()
    {
        var redactor = new Redactor();
        redactor.Register("abcdef");
        redactor.Register("defghi");
        redactor.Register("cdef");
        redactor.Register("xyxy");
        redactor.Redact("1abcdefghi2 cdef abcdefabcdef xyxyxy").ShouldBe("1***2 *** *** ***");
    }

    [Fact]
    public void No_secret_survives_in_any_text()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var redactor = new Redactor();
            var secrets = Enumerable.Range(0, 3).Select(_ => Letters(random, random.Next(4, 7))).ToList();
            secrets.ForEach(redactor.Register);
            var redacted = redactor.Redact(Letters(random, 200));
            secrets.ShouldAllBe(secret => !redacted.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("      ")]
    [InlineData(null)]
    public void Secrets_that_are_too_short_are_ignored(string? secret)
    {
        var redactor = new Redactor();
        redactor.Register(secret);
        redactor.Redact("abc       def").ShouldBe("abc       def");
    }

    [Fact]
    public async Task Many_threads_can_register_and_redact()
    {
        var redactor = new Redactor();
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), TestContext.Current.CancellationToken, (i, _) =>
        {
            redactor.Register($"secret-{i:000}");
            redactor.Redact($"x secret-{i:000} y").ShouldBe("x *** y");
            return ValueTask.CompletedTask;
        });
        for (var i = 0; i < 500; i++)
            redactor.Redact($"secret-{i:000}").ShouldBe("***");
    }

    private static string Letters(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('a' + random.Next(2))));
}
