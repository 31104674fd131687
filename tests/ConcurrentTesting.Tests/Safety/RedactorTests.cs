using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public class RedactorTests
{
    [Theory]
    [InlineData("Host=db;Username=me;Password=geheim-ist1", "geheim-ist1")]
    [InlineData("Server=db;Uid=me;Pwd='ge;heim;ist'", "ge;heim;ist")]
    [InlineData("Host=db;Password=geheim-ist1;SSL Password=other-ist22", "other-ist22")]
    [InlineData("postgresql://me:ge%40heim-ist@db:5432/postgres", "ge@heim-ist")]
    [InlineData("postgresql://me:ge%40heim-ist@db:5432/postgres", "ge%40heim-ist")]
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
        redactor.HasGuessablePassword.ShouldBeTrue();
    }

    [Fact]
    public void Overlapping_secrets_leave_nothing_behind()
    {
        var redactor = new Redactor();
        redactor.Register("abcd-efgh");
        redactor.Register("d-efgh-ijk");
        redactor.Register("cd-efgh-");
        redactor.Register("xyxyxyxy");
        redactor.Redact("1abcd-efgh-ijk2 cd-efgh- abcd-efghabcd-efgh xyxyxyxyxy").ShouldBe("1***2 *** *** ***");
    }

    [Fact]
    public void No_secret_survives_in_any_text()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var redactor = new Redactor();
            var secrets = Enumerable.Range(0, 3).Select(_ => Letters(random, random.Next(8, 11))).ToList();
            secrets.ForEach(redactor.Register);
            var redacted = redactor.Redact(Letters(random, 2000));
            secrets.ShouldAllBe(secret => !redacted.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("      ")]
    [InlineData(null)]
    public void What_is_no_word_is_no_secret(string? secret)
    {
        var redactor = new Redactor();
        redactor.Register(secret);
        redactor.Redact("abc       def Password=").ShouldBe("abc       def Password=");
        redactor.HasGuessablePassword.ShouldBeFalse();
    }

    [Theory]
    [InlineData("pass")]
    [InlineData("test")]
    [InlineData("name")]
    [InlineData("time")]
    [InlineData("true")]
    [InlineData("Passed")]
    [InlineData("postgres")]
    [InlineData("password")]
    [InlineData("Password1")]
    [InlineData("iloveyou")]
    [InlineData("mysecretpassword")]
    [InlineData("x")]
    public void A_guessable_password_is_masked_only_where_it_stands_as_a_password(string password)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString($"Host=db;Username=me;Password={password};Database=shop");

        redactor.HasGuessablePassword.ShouldBeTrue();
        redactor.Redact($"{password} passed=\"416\" the {password}word is '{password}'").ShouldBe($"{password} passed=\"416\" the {password}word is '{password}'");
        redactor.Redact($"Host=other;Password={password};Database=x").ShouldBe("Host=other;Password=***;Database=x");
        redactor.Redact($"no PWD = '{password}' here").ShouldBe("no PWD = '***' here");
        redactor.Redact($"postgresql://me:{password}@db:5432/shop").ShouldBe("postgresql://me:***@db:5432/shop");
    }

    [Theory]
    [InlineData("Server=x;Password=pass")]
    [InlineData("Server=x;Password = pass ;Database=y")]
    [InlineData("Server=x;password='pass';Database=y")]
    [InlineData("Server=x;PASSWORD=\"pass\"")]
    [InlineData("Server=x;Pwd=pass, then")]
    [InlineData("PGPASSWORD=pass psql")]
    [InlineData("SSL Password=pass")]
    [InlineData("Password=\npass")]
    [InlineData("?user=me&password=pass&ssl=1")]
    [InlineData("Server%3Dx%3BPassword%3Dpass%3BDatabase%3Dy")]
    [InlineData("https%3A%2F%2Fme%3Apass%40db")]
    [InlineData("{\"password\":\"pass\"}")]
    [InlineData("{\"password\": \"pass\"}")]
    [InlineData("{\\\"PGPASSWORD\\\":\\\"pass\\\"}")]
    [InlineData("{\"cs\":\"Server=x;Password=\\u0022pass\\u0022;Database=y\"}")]
    [InlineData("{\"cs\":\"Server=x;Password=pass\"}")]
    [InlineData("<PGPASSWORD>pass</PGPASSWORD>")]
    [InlineData("\\u003CPGPASSWORD\\u003Epass\\u003C/PGPASSWORD\\u003E")]
    [InlineData("<cs>Server=x;Password=pass</cs>")]
    [InlineData("<cs value=\"Server=x;Password=&quot;pass&quot;\"/>")]
    [InlineData("&lt;cs&gt;Server=x;Password=pass&lt;/cs&gt;")]
    [InlineData("ALTER USER me PASSWORD 'pass'")]
    [InlineData("redis://:pass@cache")]
    public void A_pair_is_masked_however_it_is_written_and_nothing_beside_it(string text)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString("Host=db;Username=me;Password=pass");
        redactor.Redact(text).ShouldBe(text.Replace("pass", "***", StringComparison.Ordinal).Replace("***word", "password", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Server=x;Password=any thing;Database=y", "Server=x;Password=***;Database=y")]
    [InlineData("Server=x;Password='any;thi''ng';Database=y", "Server=x;Password='***';Database=y")]
    [InlineData("Server=x;Pwd=a&b;Database=y", "Server=x;Pwd=***;Database=y")]
    [InlineData("Server=x;Pwd=a&amp;b&lt;;Database=y", "Server=x;Pwd=***;Database=y")]
    [InlineData("https://me:any@host/path?x=y@z", "https://me:***@host/path?x=y@z")]
    [InlineData("(Server=x;Password=any)", "(Server=x;Password=***)")]
    [InlineData("Password='cut off", "Password='***")]
    public void A_password_of_somebody_else_is_masked_in_its_pair_too(string text, string redacted) =>
        new Redactor().Redact(text).ShouldBe(redacted);

    [Theory]
    [InlineData("Expected user.Password == null to be true")]
    [InlineData("password => password.Length")]
    [InlineData("Password: must have 8 characters; test it")]
    [InlineData("'Host=x;Password=' is no connection string")]
    [InlineData("http://localhost:8080/users/me@example.com")]
    [InlineData("http://localhost:8080?mail=me@example.com")]
    [InlineData("<a href=\"http://localhost:5000\">me@example.com</a>")]
    [InlineData("Login failed (using password: YES)")]
    [InlineData("Password=***;Database=y")]
    public void What_is_no_password_stays(string text)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString("Host=db;Username=me;Password=test");
        redactor.Redact(text).ShouldBe(text);
    }

    [Theory]
    [InlineData("<&\">'-x;y=z\\")]
    [InlineData("pässwörd-Ω-日本")]
    [InlineData("emoji-😀-word")]
    [InlineData("a b c d e f g")]
    [InlineData("s3cret-Qx7-pass'word")]
    public void An_uncommon_password_is_masked_in_every_encoding(string password)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(new System.Data.Common.DbConnectionStringBuilder { ["Host"] = "db", ["Password"] = password }.ConnectionString);
        string[] written =
        [
            password, Uri.EscapeDataString(password), System.Net.WebUtility.UrlEncode(password), System.Net.WebUtility.HtmlEncode(password), System.Security.SecurityElement.Escape(password),
            System.Text.Json.JsonSerializer.Serialize(password)[1..^1],
            new System.Data.Common.DbConnectionStringBuilder { ["p"] = password }.ConnectionString["p=".Length..].Trim('"', '\''),
            new System.Xml.Linq.XText(password).ToString(),
            new System.Xml.Linq.XAttribute("a", password).ToString()[3..^1],
            System.Text.Json.JsonSerializer.Serialize(new System.Xml.Linq.XText(password).ToString())[1..^1],
        ];
        foreach (var text in written)
            redactor.Redact($"<{text}>").ShouldBe("<***>", text);
        redactor.HasGuessablePassword.ShouldBeFalse();
    }

    [Theory]
    [InlineData("s3cr\net-Qx7")]
    [InlineData("s3cr\r\net-Qx7")]
    [InlineData("s\n3\nc\nret-Qx7")]
    [InlineData("s3cr\\net-Qx7")]
    public void A_password_that_is_broken_over_lines_is_masked(string broken)
    {
        var redactor = new Redactor();
        redactor.Register("s3cret-Qx7");
        redactor.Redact($"before\n<{broken}>\nafter").ShouldBe("before\n<***>\nafter");
    }

    [Fact]
    public void A_long_text_without_an_end_of_anything_takes_no_time()
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString("Host=db;Username=me;Password=pass");
        foreach (var text in new[] { "password=", "://", "password", "://a:", "Pwd='", "password=\"", "password='a;b=", "%3A%2F%2Fa%3A" })
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            redactor.Redact(string.Concat(Enumerable.Repeat(text, 50_000)));
            watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), text);
        }
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

    private static string Letters(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('w' + random.Next(2))));
}
