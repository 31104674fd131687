using System.Text;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Templates.Scripts;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class SqlEncodingTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SET client_encoding = 'LATIN1';", "LATIN1")]
    [InlineData("set session client_encoding to latin1;", "latin1")]
    [InlineData("SET NAMES 'WIN1252';", "WIN1252")]
    [InlineData("SELECT pg_catalog.set_config('client_encoding', 'LATIN9', false);", "LATIN9")]
    [InlineData("\\encoding LATIN1\n", "LATIN1")]
    [InlineData("\\encoding 'SQL_ASCII';\n", "SQL_ASCII")]
    [InlineData("\\encoding\n", "UTF-8")]
    [InlineData("SET client_encoding = 'LATIN1'; RESET client_encoding;", "UTF-8")]
    [InlineData("SET client_encoding = 'LATIN1'; SET client_encoding TO DEFAULT;", "UTF-8")]
    [InlineData("SET client_encoding = 'LATIN1'; SET NAMES 'UNICODE';", "UTF-8")]
    [InlineData("BEGIN; SET LOCAL client_encoding = 'LATIN1';", "LATIN1")]
    [InlineData("BEGIN; SET LOCAL client_encoding = 'LATIN1'; COMMIT;", "UTF-8")]
    [InlineData("BEGIN; SET client_encoding = 'LATIN1'; COMMIT;", "LATIN1")]
    [InlineData("BEGIN; SET client_encoding = 'LATIN1'; ROLLBACK;", "UTF-8")]
    [InlineData("SET LOCAL client_encoding = 'LATIN1';", "UTF-8")]
    [InlineData("SET search_path = 'client_encoding';", "UTF-8")]
    public void A_PostgreSql_script_says_its_encoding(string script, string expected) => EncodingAfter(script, SqlDialect.PostgreSql).ShouldBe(expected);

    [Theory]
    [InlineData("SET NAMES latin1;", "latin1")]
    [InlineData("/*!40101 SET NAMES latin1 */;", "latin1")]
    [InlineData("SET NAMES 'cp1250' COLLATE cp1250_bin;", "cp1250")]
    [InlineData("SET CHARACTER SET latin2;", "latin2")]
    [InlineData("/*!50503 SET character_set_client = utf8mb4 */;", "UTF-8")]
    [InlineData("SET @x = 1, SESSION character_set_client = latin1, character_set_results = utf8;", "latin1")]
    [InlineData("SET @@session.character_set_client := latin1;", "latin1")]
    [InlineData("SET NAMES latin1; SET @saved_cs_client = @@character_set_client; SET character_set_client = utf8; SET character_set_client = @saved_cs_client;", "latin1")]
    [InlineData("/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */; SET NAMES latin1; /*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;", "UTF-8")]
    [InlineData("SET NAMES binary;", "bytes")]
    [InlineData("SET NAMES DEFAULT;", "bytes")]
    [InlineData("SET @note = 'SET NAMES latin1';", "UTF-8")]
    [InlineData("SET character_set_results = latin1;", "UTF-8")]
    public void A_MySql_script_says_its_encoding(string script, string expected) => EncodingAfter(script, SqlDialect.MySql).ShouldBe(expected);

    // The second byte of each of these characters is a backslash.
    [Theory]
    [InlineData("SET NAMES sjis;", "sjis")]
    [InlineData("SET NAMES gbk;", "gbk")]
    [InlineData("SET NAMES big5;", "big5")]
    [InlineData("SET NAMES gb18030;", "gb18030")]
    public void A_byte_that_only_looks_like_a_backslash_escapes_nothing(string names, string encoding)
    {
        var statements = SqlScriptReader.Read($"{names} SELECT '\u0083\\'; SELECT 2; SET NAMES utf8; SELECT '\u0083\\';';", SqlDialect.MySql).ToArray();

        statements.Select(statement => statement.Text).ShouldBe([names.TrimEnd(';'), "SELECT '\u0083\\'", "SELECT 2", "SET NAMES utf8", "SELECT '\u0083\\';'"]);
        statements[1].Encoding.Name.ShouldBe(encoding);
    }

    [Fact]
    public void Four_bytes_of_GB18030_are_one_character()
    {
        var statements = SqlScriptReader.Read("\\encoding GB18030\nSELECT E'\u00810\u0081\\'; SELECT E'\u00810\u00810\\''; SELECT 2", SqlDialect.PostgreSql).ToArray();

        statements.Length.ShouldBe(4);
        statements[1].Text.ShouldBe("SELECT E'\u00810\u0081\\'");
    }

    [Theory]
    [InlineData("UTF8", "Ã©", "é")]
    [InlineData("LATIN1", "é", "é")]
    [InlineData("WIN1252", "\u0080", "€")]
    [InlineData("windows-1252", "\u0080", "€")]
    [InlineData("LATIN9", "\u00a4", "€")]
    [InlineData("ISO_8859_7", "\u00e1", "α")]
    [InlineData("KOI8R", "\u00c1", "а")]
    [InlineData("SHIFT_JIS_2004", "\u0083\\", "ソ")]
    [InlineData("EUC_KR", "\u00b0\u00a1", "가")]
    [InlineData("JOHAB", "\u0088a", "가")]
    [InlineData("UHC", "\u00b0\u00a1", "가")]
    [InlineData("MULE_INTERNAL", "Ã©", "é")]
    public void Bytes_are_shown_as_what_they_mean(string name, string bytes, string expected) => SqlEncoding.Of(name, SqlDialect.PostgreSql).Decode(bytes).ShouldBe(expected);

    [Theory]
    [InlineData("johab")]
    [InlineData("uhc")]
    [InlineData("sjis")]
    [InlineData("cp932")]
    [InlineData("gbk")]
    [InlineData("big5")]
    [InlineData("gb18030")]
    public void Some_encodings_hide_ASCII(string name) => SqlEncoding.Of(name, SqlDialect.PostgreSql).HidesAscii.ShouldBeTrue();

    [Fact]
    public void The_last_byte_of_a_letter_is_no_blank_at_the_end_of_a_statement() =>
        SqlScriptReader.Read("SELECT 1 AS Ã\u00a0; SELECT 2", SqlDialect.PostgreSql).First().Readable.ShouldBe("SELECT 1 AS à");

    [Theory]
    [InlineData("SELECT 1;\nSELECT 'x', 'GrÃ¼Ã\u009fe', 'Gr\u00fc\u00dfe';", "2: byte 27 of the line, 0xFC, is not UTF-8")]
    [InlineData("-- Gr\u00fc\u00dfe\nSELECT \"\u00e9\";", "2: byte 9 of the line, 0xE9, is not UTF-8")]
    [InlineData("COPY t FROM stdin;\nx\nGr\u00fcn\n\\.\n", "3: byte 3 of the line, 0xFC, is not UTF-8")]
    [InlineData("SET client_encoding = 'LATIN1';\nSELECT '\u00e9';\nRESET client_encoding; SELECT '\u00e9';", "3: byte 32 of the line, 0xE9, is not UTF-8")]
    [InlineData("S\0E\0", "1: byte 2 of the line, 0x00, is NUL, which no text has")]
    public void Text_that_is_not_in_its_encoding_is_named_with_file_line_and_byte(string script, string expected)
    {
        var wrong = Wrong(script, SqlDialect.PostgreSql);

        wrong.ShouldNotBeNull().Message.ShouldStartWith($"schema.sql:{expected}");
        wrong.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
    }

    [Theory]
    [InlineData("SELECT `\u00e9`;", "1: byte 9 of the line, 0xE9, is not UTF-8: say what it is in the file's first line (SET NAMES latin1;), or save it as UTF-8")]
    [InlineData("INSERT INTO t VALUES ('\u009b', \"\u009b\"), (\u009b);", "1: byte 35 of the line, 0x9B, is not UTF-8")]
    public void A_MySql_name_that_is_not_in_its_encoding_is_named(string script, string expected) =>
        Wrong(script, SqlDialect.MySql).ShouldNotBeNull().Message.ShouldStartWith($"schema.sql:{expected}");

    [Theory]
    [InlineData("INSERT INTO t VALUES ('\u009b\\'\u00ff', _binary \"\u009b\", 1 /* \u00ff */); -- \u00e9\nSELECT 2;")]
    [InlineData("SELECT 1 -- \u00e9\n")]
    [InlineData("SET NAMES latin1; SELECT `\u00e9`;")]
    [InlineData("SET NAMES binary; SELECT `\u00e9`;")]
    public void MySql_strings_and_comments_may_be_any_bytes(string script) => Wrong(script, SqlDialect.MySql).ShouldBeNull();

    [Theory]
    [InlineData("COPY t FROM stdin WITH (ENCODING 'LATIN1');\nGr\u00fcn\n\\.\n")]
    [InlineData("-- Gr\u00fc\u00dfe\nSELECT 1;")]
    public void PostgreSql_takes_rows_in_an_encoding_of_their_own_and_never_sees_a_comment_between_statements(string script) =>
        Wrong(script, SqlDialect.PostgreSql).ShouldBeNull();

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    [InlineData("utf-32BE")]
    [InlineData("utf-8")]
    public async Task A_byte_order_mark_is_honoured(string encoding)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "schema.sql");
        await File.WriteAllTextAsync(path, "SELECT 'é';\nSET NAMES latin1;\nSELECT 'é';", Encoding.GetEncoding(encoding), CancellationToken);

        var statements = SqlScriptReader.Read(await SqlScriptFile.ReadAsync(new SqlFileStep(path, "schema.sql"), CancellationToken), SqlDialect.MySql).ToArray();

        // Whoever marks a file as UTF-8 gets what the clients make of it: the mark is passed over.
        statements.Select(statement => statement.Text).ShouldBe(["SELECT 'Ã©'", "SET NAMES latin1", encoding == "utf-8" ? "SELECT 'Ã©'" : "SELECT 'é'"]);
    }

    [Fact]
    public async Task A_file_without_a_mark_is_read_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "dump.sql");
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        await File.WriteAllBytesAsync(path, bytes, CancellationToken);

        var read = await SqlScriptFile.ReadAsync(new SqlFileStep(path, "dump.sql"), CancellationToken);

        Encoding.Latin1.GetBytes(read.Bytes).ShouldBe(bytes);
    }

    [Fact]
    public async Task A_byte_order_mark_that_is_not_kept_is_an_error()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "schema.sql");
        await File.WriteAllBytesAsync(path, [0xff, 0xfe, 0x53, 0x00, 0x00, 0xd8, 0x53, 0x00], CancellationToken);

        var wrong = await Should.ThrowAsync<ConcurrentTestException>(SqlScriptFile.ReadAsync(new SqlFileStep(path, "schema.sql"), CancellationToken));

        wrong.Message.ShouldBe("schema.sql: near byte 6 it is not utf-16, which its byte order mark says it is; save it as UTF-8");
    }

    private static string EncodingAfter(string script, SqlDialect dialect) => SqlScriptReader.Read(script + "SELECT 1;", dialect).Last().Encoding.Name;

    private static ConcurrentTestException? Wrong(string script, SqlDialect dialect)
    {
        var file = new SqlScriptFile(script, IsUnicode: false);
        try
        {
            foreach (var statement in SqlScriptReader.Read(file, dialect))
                SqlTextCheck.Require(new SqlFileStep("", "schema.sql"), file, statement, dialect);
            return null;
        }
        catch (ConcurrentTestException exception)
        {
            return exception;
        }
    }
}
