using System.Xml.Linq;
using ConcurrentTesting.Reports.Trx;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Trx;

public sealed class HostFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pass")]
    [InlineData("test")]
    [InlineData("name")]
    [InlineData("time")]
    [InlineData("true")]
    [InlineData("Passed")]
    [InlineData("passed=")]
    [InlineData("UnitTestResult")]
    [InlineData("testName=\"")]
    [InlineData("2010\">")]
    public async Task A_word_of_the_structure_that_is_the_password_stays_in_every_framework(string password)
    {
        foreach (var asset in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Reports", "Assets"), "*.trx"))
        {
            var file = Place($"batch-{Path.GetFileName(asset)}", File.ReadAllText(asset));
            var before = XDocument.Load(file);

            await RedactAsync($"Host=db;Username=me;Password='{password}'");

            var after = XDocument.Load(file);
            Structure(after).ShouldBe(Structure(before));
        }
    }

    [Theory]
    [InlineData("s3cret-<&\">'-word")]
    [InlineData("pässwörd-Ω")]
    [InlineData("emoji-😀-word")]
    public async Task A_password_in_the_texts_of_a_test_is_gone_and_the_file_is_still_XML(string password)
    {
        var file = Place("batch-0001.trx", Trx(password, "a\r\nb \u0001"));

        await RedactAsync(new System.Data.Common.DbConnectionStringBuilder { ["Host"] = "db", ["Password"] = password }.ConnectionString);

        var document = XDocument.Load(file);
        document.ToString().ShouldNotContain("word");
        var result = document.Descendants().Single(element => element.Name.LocalName == "UnitTestResult");
        result.Attribute("testName")!.Value.ShouldBe("Opens(***)");
        result.Attribute("outcome")!.Value.ShouldBe("Passed");
        document.Descendants().Single(element => element.Name.LocalName == "StdOut").Value.ShouldBe("<***> a\r\nb \uFFFD");
    }

    [Fact]
    public async Task A_pair_is_masked_whoever_wrote_it_and_with_no_password_known()
    {
        var trx = Place("batch-0001.trx", Trx("Password=other;Database=x", ""));
        var log = Place("vstest-1.log", "first\n{\"PGPASSWORD\":\"pass\",\"cs\":\"Host=db;Password=pass\"} passed\n");

        await RedactAsync("Host=db;Username=me;Password=pass");

        File.ReadAllText(trx).ShouldContain("Password=***;Database=x");
        File.ReadAllText(log).ShouldBe("first\n{\"PGPASSWORD\":\"***\",\"cs\":\"Host=db;Password=***\"} passed\n");
    }

    [Fact]
    public async Task A_password_in_what_discovery_wrote_is_gone_and_another_file_beside_it_stays()
    {
        const string text = "{\"PGPASSWORD\":\"s3cret-Qx7\"} told\n";
        var log = Place("discovery-0.log", text, "diagnostics");
        var host = Place("discovery-0.host.26-11-30_02.log", text, "diagnostics");
        var other = Place("notes.log", text, "diagnostics");

        await RedactAsync("Host=db;Username=me;Password=s3cret-Qx7");

        File.ReadAllText(log).ShouldBe("{\"PGPASSWORD\":\"***\"} told\n");
        File.ReadAllText(host).ShouldBe("{\"PGPASSWORD\":\"***\"} told\n");
        File.ReadAllText(other).ShouldBe(text);
    }

    [Fact]
    public async Task A_file_without_a_secret_is_not_touched()
    {
        var file = Place("batch-0001.trx", Trx("nothing", ""));
        var before = File.ReadAllBytes(file);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);

        await RedactAsync("Host=db;Username=me;Password=s3cret-Qx7");

        File.ReadAllBytes(file).ShouldBe(before);
        File.GetLastWriteTimeUtc(file).ShouldBe(DateTime.UnixEpoch);
    }

    [Fact]
    public async Task Half_a_file_is_redacted_as_far_as_it_goes_and_stays_half()
    {
        var whole = Trx("s3cret-Qx7", "");
        var file = Place("batch-0001.trx", whole[..whole.IndexOf("</StdOut>", StringComparison.Ordinal)] + "</StdOut><Err");

        await RedactAsync("Host=db;Username=me;Password=s3cret-Qx7");

        var text = File.ReadAllText(file);
        text.ShouldContain("&lt;***");
        text.ShouldNotContain("s3cret");
        Should.Throw<System.Xml.XmlException>(() => XDocument.Load(file));
    }

    private static string Trx(string text, string more) => new XDocument(
        new XElement(
            XName.Get("TestRun", "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"),
            new XElement(
                XName.Get("UnitTestResult", "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"),
                new XAttribute("testName", $"Opens({text})"),
                new XAttribute("outcome", "Passed"),
                new XElement(XName.Get("StdOut", "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"), $"<{text}> MORE")))).ToString(SaveOptions.DisableFormatting)
        .Replace("MORE", more.Replace("\r", "&#xD;", StringComparison.Ordinal).Replace("\u0001", "&#x1;", StringComparison.Ordinal), StringComparison.Ordinal);

    private static IEnumerable<string> Structure(XDocument document) =>
        document.Descendants().SelectMany(element => element.Attributes().Where(attribute => attribute.Name.LocalName is not ("testName" or "name" or "className")).Select(attribute => $"{attribute}").Prepend(element.Name.LocalName));

    private string Place(string name, string content, string below = "worker-0")
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, below)).FullName;
        File.WriteAllText(Path.Combine(folder, name), content);
        return Path.Combine(folder, name);
    }

    private async Task RedactAsync(string connectionString)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(connectionString);
        (await HostFiles.RedactAsync(_folder.Path, redactor, TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }
}
