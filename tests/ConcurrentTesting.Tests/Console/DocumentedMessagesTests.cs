using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

/// <summary>The page for when something goes wrong quotes what the tool really says.</summary>
public sealed partial class DocumentedMessagesTests
{
    [Fact]
    public void Every_quoted_message_is_in_the_sources()
    {
        var sources = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "when-something-goes-wrong.md"));
        var messages = Quoted().Matches(page).Select(message => message.Groups["text"].Value).Where(text => text.Contains('…') || text.EndsWith('.')).ToList();

        messages.Count.ShouldBeGreaterThan(30);
        foreach (var message in messages)
        {
            // What failed and that it failed are put together.
            var parts = message.Split(["…", " failed:"], StringSplitOptions.RemoveEmptyEntries).Select(part => part.Trim()).Where(part => part.Length > 3).ToList();
            parts.ShouldNotBeEmpty(message);
            parts.ShouldAllBe(part => sources.Contains(part, StringComparison.Ordinal), message);
        }
    }

    // In headings, and in the text where a message stands whole.
    [GeneratedRegex(@"`(?<text>[^`\n]{12,})`")]
    private static partial Regex Quoted();
}
