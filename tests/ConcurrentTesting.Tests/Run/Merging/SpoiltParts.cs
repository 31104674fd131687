using ConcurrentTesting.Record;

namespace ConcurrentTesting.Tests.Run.Merging;

/// <summary>The parts of a run with one thing wrong with them, which the random numbers choose.</summary>
internal sealed class SpoiltParts : IDisposable
{
    private readonly WrittenParts _parts;
    private readonly Random _random;
    private readonly List<string> _folders;
    private readonly int _index;
    private WrittenParts? _others;

    public SpoiltParts(Random random)
    {
        _random = random;
        _parts = new WrittenParts(parts: random.Next(2, 5), classes: random.Next(8, 14), isRich: true);
        _folders = [.. _parts.WriteAll()];
        _index = random.Next(_folders.Count);
        Action[] ways =
        [
            Missing, MissingFile, Foreign, ForeignBeside, Older, OlderBeside, Doubled, CopyOfAnother, Truncated, Truncated, Edited, Edited, Edited,
            LineLost, LineTwice, Swapped, Incomplete, Killed, OtherPipeline, ResultLost, ResultTwice, ResultOfAnother, ExplicitLost, UnitLost, OtherPart, OtherSettings,
        ];
        ways[random.Next(ways.Length)]();
    }

    /// <summary>What is wrong.</summary>
    public string What { get; private set; } = "";

    public ConcurrentTestSettings Settings => _parts.Settings(_folders);

    private int Part => _index + 1;

    private string Folder { get => _folders[_index]; set => _folders[_index] = value; }

    public void Dispose()
    {
        _parts.Dispose();
        _others?.Dispose();
    }

    private void Missing() => Tell(() => _folders.RemoveAt(_index), "is missing");

    private void MissingFile() => OfFile("is missing", File.Delete);

    private void Foreign() => Tell(() => Folder = Others(classes: 15).Write(new WrittenTry(Part)), "is of other tests");

    private void ForeignBeside() => Tell(() => _folders.Add(Others(classes: 15).Write(new WrittenTry(Part) { Run = "foreign" })), "of other tests lies beside");

    private void Older() => Tell(() => Folder = Others("yesterday").Write(new WrittenTry(Part) { Minutes = -1440 }), "is of an older plan of the same tests");

    private void OlderBeside() => Tell(() => _folders.Add(Others("yesterday").Write(new WrittenTry(Part) { Run = "old", Minutes = -1440 })), "of an older plan lies beside");

    private void Doubled() => Tell(() => _folders.Add(Copy(Folder)), "is there twice");

    private void CopyOfAnother() => Tell(() => Folder = Copy(_folders[Part % _folders.Count]), "is a copy of another");

    private void Truncated() => OfFile("is cut off", path =>
    {
        using var file = File.OpenWrite(path);
        file.SetLength(_random.NextInt64(file.Length));
    });

    private void Edited() => OfFile("is edited", path =>
    {
        var bytes = File.ReadAllBytes(path);
        var at = _random.Next(bytes.Length);
        bytes[at] = (byte)(bytes[at] == 'x' ? 'y' : 'x');
        File.WriteAllBytes(path, bytes);
    });

    private void LineLost() => OfJournal("has lost a line", (lines, at) => lines.RemoveAt(at));

    private void LineTwice() => OfJournal("has a line twice", (lines, at) => lines.Insert(at, lines[at]));

    private void Swapped()
    {
        var (one, other) = (Path.Combine(Folder, ArtifactNames.Part), Path.Combine(_folders[Part % _folders.Count], ArtifactNames.Part));
        var (ofOne, ofOther) = (File.ReadAllBytes(one), File.ReadAllBytes(other));
        File.WriteAllBytes(one, ofOther);
        File.WriteAllBytes(other, ofOne);
        What = $"part {Part} and the next have each other's {ArtifactNames.Part}";
    }

    private void Incomplete() => Rewrite(new WrittenTry(Part) { ExitCode = _random.Next(2) == 0 ? ConcurrentTestExitCode.Incomplete : ConcurrentTestExitCode.Cancelled }, "did not end well");

    private void Killed() => Rewrite(new WrittenTry(Part) { KilledAfter = _random.Next(2, 12) }, "was killed");

    private void OtherPipeline() => Rewrite(new WrittenTry(Part) { Pipeline = "76" }, "is of another pipeline");

    // From here on the part says itself what is wrong, and all its hashes are right.
    private void ResultLost() => Rewrite(new WrittenTry(Part) { With = events => events.Where(happened => happened != AnyResult(events)) }, "has lost a result");

    private void ResultTwice() => Rewrite(new WrittenTry(Part) { With = events => InsertAfter(events, AnyResult(events), ended => ended with { Row = 1, Occurrence = 1 }) }, "has a result twice");

    private void ResultOfAnother() => Rewrite(
        new WrittenTry(Part) { With = events => InsertAfter(events, AnyResult(events), ended => ended with { Test = ended.Test with { Case = Guid.NewGuid() }, Name = "Other" }) },
        "has a result of a test that nobody knows");

    private void ExplicitLost() => Rewrite(
        new WrittenTry(Part) { With = events => events.Where(happened => happened != events.OfType<AttemptEnded>().Last(ended => ended.Attempt.Worker < 0)) },
        "has lost an explicit test");

    private void UnitLost() => Rewrite(new WrittenTry(Part) { With = events => events.Where(happened => happened != events.OfType<UnitPlanned>().Last()) }, "did not plan a class");

    private void OtherPart() => Rewrite(
        new WrittenTry(Part) { With = events => events.Select(happened => happened is PartKnown known ? known with { Shard = known.Shard with { Part = 1 + (Part % _folders.Count) } } : happened) },
        "says in its journal that it is another");

    private void OtherSettings() => Rewrite(
        new WrittenTry(Part) { Settings = new WrittenTry(Part).Settings!.SetItem(_random.Next(2) == 0 ? "--test-configuration" : "--test-filter", "Other") },
        "ran with other settings");

    private static AttemptEnded AnyResult(List<RunEvent> events) => events.OfType<AttemptEnded>().Last(ended => ended.Name == "Test0");

    private static IEnumerable<RunEvent> InsertAfter(List<RunEvent> events, AttemptEnded result, Func<AttemptEnded, AttemptEnded> another) =>
        events.SelectMany(happened => happened == result ? new RunEvent[] { result, another(result) } : [happened]);

    private void Rewrite(WrittenTry what, string told) => Tell(
        () =>
        {
            Directory.Delete(Folder, recursive: true);
            _parts.Write(what);
        },
        told);

    private void OfJournal(string told, Action<List<string>, int> change)
    {
        var path = Path.Combine(Folder, ArtifactNames.Journal);
        var lines = File.ReadAllLines(path).ToList();
        var at = _random.Next(lines.Count);
        change(lines, at);
        File.WriteAllText(path, string.Concat(lines.Select(line => line + "\n")));
        What = $"the journal of part {Part} {told} at {at}";
    }

    private void OfFile(string told, Action<string> change)
    {
        var files = Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var file = files[_random.Next(files.Length)];
        change(file);
        What = $"{file} {told}";
    }

    private void Tell(Action change, string told)
    {
        change();
        What = $"part {Part} {told}";
    }

    private WrittenParts Others(string id = "0123456789", int? classes = null) =>
        _others ??= new WrittenParts(_parts.Plan.Parts.Length, classes ?? _parts.Plan.Parts.Sum(part => part.Classes.Length), id, isRich: true);

    private static string Copy(string folder)
    {
        var copy = Directory.CreateDirectory($"{folder}-copy").FullName;
        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }
}
