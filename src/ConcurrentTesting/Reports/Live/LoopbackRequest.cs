namespace ConcurrentTesting.Reports.Live;

/// <summary>The head of a request: all that is read of one.</summary>
/// <param name="Host">Null where it names none, or several.</param>
internal sealed record LoopbackRequest(string Method, string Path, string Query, string? Host)
{
    private const int Longest = 16 * 1024;

    /// <summary>Reads one from a connection; null where there is none, or what comes is none.</summary>
    public static async Task<LoopbackRequest?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[Longest];
        var read = 0;
        while (read < buffer.Length)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(read), cancellationToken);
            if (count == 0)
                return null;
            read += count;
            var end = buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return Parse(Encoding.Latin1.GetString(buffer, 0, end));
        }

        return null;
    }

    private static LoopbackRequest? Parse(string head)
    {
        var lines = head.Split("\r\n");
        if (lines[0].Split(' ') is not [var method, ['/', ..] target, "HTTP/1.1" or "HTTP/1.0"])
            return null;
        var hosts = lines.Skip(1).Select(line => line.Split(':', 2)).Where(
            header => header.Length == 2 && header[0].Equals("Host", StringComparison.OrdinalIgnoreCase)).ToList();
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return new LoopbackRequest(
            method, question < 0 ? target : target[..question], question < 0 ? "" : target[(question + 1)..],
            hosts is [[_, var host]] ? host.Trim() : null);
    }
}
