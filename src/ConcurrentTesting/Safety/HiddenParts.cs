namespace ConcurrentTesting.Safety;

/// <summary>The parts of a text that must not be seen. Secrets may overlap: marking all of them before any is replaced leaves no part of
/// one behind.</summary>
internal sealed class HiddenParts(string text)
{
    private bool[]? _hidden;

    public void Add(int start, int length)
    {
        if (length > 0)
            (_hidden ??= new bool[text.Length]).AsSpan(start, length).Fill(true);
    }

    /// <summary>The text with each part replaced; parts that touch are one.</summary>
    public string Replaced(string mask)
    {
        if (_hidden is null)
            return text;
        var replaced = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!_hidden[i])
                replaced.Append(text[i]);
            else if (i == 0 || !_hidden[i - 1])
                replaced.Append(mask);
        }

        return replaced.ToString();
    }
}
