using System.Globalization;
using System.Text;
using ConcurrentTesting.Settings;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Settings;

public class ReadmeTests
{
    private const string Begin = "<!-- parameters:begin -->";
    private const string End = "<!-- parameters:end -->";

    [Fact]
    public void The_table_of_parameters_in_the_README_is_the_one_of_the_declaration()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        (begin >= 0 && end > begin).ShouldBeTrue($"README.md has no table between {Begin} and {End}");

        var table = Table().Trim();
        (readme[(begin + Begin.Length)..end].Trim() == table).ShouldBeTrue($"the README's table is to be:\n{table}");
    }

    [Fact]
    public void A_row_has_argument_variables_default_and_meaning()
    {
        var rows = Table().Split('\n');

        rows[0].ShouldBe("| parameter | environment | default | meaning |");
        rows.ShouldContain("| `--workers` | `NUKE_WORKERS`, `NUKE_TEST_WORKERS` | the cores, and more where the timings say that tests wait | Workers that run tests at the same time, 1 to 256; of these, a run starts those that pay |");
        rows.ShouldContain("| `--test-junit-file` | `NUKE_TEST_JUNIT_FILE` | junit.xml in the results directory | JUnit file |");
        rows.ShouldAllBe(row => row.Length == 0 || row.Replace("\\|", "", StringComparison.Ordinal).Count(letter => letter == '|') == 5);
    }

    private static string Table()
    {
        var table = new StringBuilder("| parameter | environment | default | meaning |\n|---|---|---|---|\n");
        foreach (var parameter in ParameterTable.All)
        {
            var variables = parameter.Aliases.Prepend(parameter.Name).Select(name => $"`{Parameter.VariableOf(name)}`");
            table.Append(CultureInfo.InvariantCulture, $"| `{parameter.Argument}` | {string.Join(", ", variables)} | {Cell(parameter.Default)} | {Cell(parameter.Meaning)} |\n");
        }

        return table.ToString();
    }

    // Backticks keep Markdown from reading underscores as emphasis.
    private static string Cell(string text) => text.Contains("__", StringComparison.Ordinal)
        ? $"`{text}`"
        : text.Replace("|", "\\|", StringComparison.Ordinal);
}
