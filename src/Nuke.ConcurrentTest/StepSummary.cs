namespace Nuke.ConcurrentTest;

/// <summary>GitHub's step summary: of more than 1 MiB in a step it shows nothing at all.</summary>
internal static class StepSummary
{
    private const long Limit = 1024 * 1024;

    /// <summary>Appends the page where it still fits, else the head of it: verdict and figures.</summary>
    /// <exception cref="IOException">One of the files cannot be read or written.</exception>
    public static void Append(string stepSummary, string page)
    {
        var written = File.Exists(stepSummary) ? new FileInfo(stepSummary).Length : 0;
        var text = File.ReadAllText(page);
        if (written + new FileInfo(page).Length > Limit)
            text = Head(text);
        if (written + System.Text.Encoding.UTF8.GetByteCount(text) <= Limit)
            File.AppendAllText(stepSummary, text);
    }

    private static string Head(string text) =>
        text.IndexOf("\n## ", StringComparison.Ordinal) is var end and >= 0
            ? $"{text[..end]}\nThe rest is in summary.md and report.html: this step's summary is full.\n"
            : text;
}
