namespace ConcurrentTesting.Reports.Text;

/// <summary>How text of tests gets into a report: without the run's secrets, in characters that XML allows, and where asked no longer than
/// its cap.</summary>
internal sealed class ReportText(Redactor redactor)
{
    /// <summary>The text as it is, without the secrets.</summary>
    public string Redacted(string text) => redactor.Redact(text);

    /// <summary>The whole text.</summary>
    public string Whole(string text) => LegalXml.Clean(redactor.Redact(text));

    /// <summary>The text, at most <paramref name="limit"/> bytes of it: its secrets are out before it is cut, because half of one would not
    /// be found.</summary>
    public string Within(string text, int limit) => LegalXml.Clean(TextCap.Apply(redactor.Redact(text), limit));

    /// <summary>A message, at most <see cref="TextCap.Message"/> bytes, with line feeds alone.</summary>
    public string Message(string text) => Capped(text, TextCap.Message);

    /// <summary>A captured stream or a stack trace, at most <see cref="TextCap.Stream"/> bytes, with line feeds alone.</summary>
    public string Stream(string text) => Capped(text, TextCap.Stream);

    private string Capped(string text, int limit) =>
        LegalXml.Clean(TextCap.Apply(redactor.Redact(text).ReplaceLineEndings("\n"), limit));
}
