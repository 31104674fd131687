using System.Globalization;
using System.IO.Enumeration;
using System.Xml.Linq;

/// <summary>How many tests passed, failed and were skipped.</summary>
internal readonly record struct TestCounts(int Passed, int Failed, int Skipped)
{
    public static TestCounts operator +(TestCounts left, TestCounts right) =>
        new(left.Passed + right.Passed, left.Failed + right.Failed, left.Skipped + right.Skipped);

    /// <summary>The counters of a TRX file, in which skipped tests are those that were not executed.</summary>
    public static TestCounts OfTrx(string file)
    {
        var counters = XDocument.Load(file).Descendants().Single(element => element.Name.LocalName == "Counters");
        int Count(string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        var executed = Count("executed");
        return new TestCounts(Count("passed"), executed - Count("passed"), Count("total") - executed);
    }

    /// <summary>Whether a TRX file has a test of a class that a pattern fits.</summary>
    public static bool HasTrxClass(string file, string pattern) =>
        File.Exists(file)
        && XDocument.Load(file).Descendants().Where(element => element.Name.LocalName == "TestMethod")
            .Any(test => FileSystemName.MatchesSimpleExpression(pattern, test.Attribute("className")!.Value));

    /// <summary>Prints the counts as the process's last line, after NUKE's own summary.</summary>
    public void PrintLast()
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine(line);
    }
}
