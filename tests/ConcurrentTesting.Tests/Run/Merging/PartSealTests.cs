using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run.Merging;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run.Merging;

public class PartSealTests
{
    // As version 1 writes it, so that a merge takes what another version of the engine wrote.
    private const string Text = """
        {
          "version": 1,
          "shard": {
            "part": 2,
            "of": 3,
            "plan": "6f41",
            "discovery": "a752",
            "pipeline": null,
            "attempt": 4,
            "job": "tests \"näh\"",
            "commit": "c0ffee"
          },
          "run": "run-1",
          "machine": "machine\n1",
          "startedAt": "2026-11-29T12:00:00.1234567+00:00",
          "finishedAt": "2026-11-29T12:00:03+00:00",
          "exitCode": 1,
          "failure": "the budget <is> spent",
          "settings": {
            "--test-Z": "1",
            "--test-a": "2"
          },
          "files": {
            "plan.json": "6f41",
            "worker-1/Sequence.xml": "c02e",
            "worker-1/batch-0001.trx": "5554"
          },
          "seal": "8314f319aefb984ae728167639d27a6cd3f43b53f14eca8afa8e438ea4d2185e"
        }
        """;

    private static readonly PartSeal Seal = new()
    {
        Shard = new ShardRecord(2, 3, "6f41", "a752") { Attempt = 4, Job = "tests \"näh\"", Commit = "c0ffee" },
        Run = "run-1",
        Machine = "machine\n1",
        StartedAt = DateTimeOffset.Parse("2026-11-29T12:00:00.1234567Z", System.Globalization.CultureInfo.InvariantCulture),
        FinishedAt = DateTimeOffset.Parse("2026-11-29T12:00:03Z", System.Globalization.CultureInfo.InvariantCulture),
        ExitCode = 1,
        Failure = "the budget <is> spent",
        Settings = Ordinal(("--test-Z", "1"), ("--test-a", "2")),
        Files = Ordinal(("plan.json", "6f41"), ("worker-1/Sequence.xml", "c02e"), ("worker-1/batch-0001.trx", "5554")),
    };

    [Fact]
    public void A_seal_is_written_as_earlier_versions_read_it()
    {
        Encoding.UTF8.GetString(Seal.Close(Seal.Files)).ShouldBe(Text);
    }

    [Fact]
    public void A_seal_is_read_as_it_was_written()
    {
        var read = PartSeal.Parse(Seal.Close(Seal.Files));

        (read with { Files = Seal.Files, Settings = Seal.Settings, Seal = "" }).ShouldBe(Seal);
        read.Files.ShouldBe(Seal.Files);
        read.Settings.ShouldBe(Seal.Settings);
    }

    // A culture has another order, so that on another machine the seal would look like one that was changed.
    [Fact]
    public void Names_keep_the_ordinal_order_in_which_they_were_written()
    {
        var read = PartSeal.Parse(Seal.Close(Seal.Files));

        read.Files.KeyComparer.ShouldBe(StringComparer.Ordinal);
        read.Settings!.KeyComparer.ShouldBe(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "it is of version 2, and 1 is known")]
    [InlineData("\"version\": 1", "\"version\": 1.5", "its version is not as a part writes it")]
    [InlineData("\"run\": \"run-1\"", "\"run\": null", "its run is not as a part writes it")]
    [InlineData("\"run\": \"run-1\",", "", "it has no run")]
    [InlineData("\"attempt\": 4", "\"attempt\": 4.5", "its attempt is not as a part writes it")]
    [InlineData("\"startedAt\": \"2026-", "\"startedAt\": \"x-", "its startedAt is not as a part writes it")]
    [InlineData("\"plan.json\": \"6f41\"", "\"plan.json\": null", "its plan.json is not as a part writes it")]
    [InlineData("\"exitCode\": 1", "\"exitCode\": 0", "it was changed")]
    [InlineData("\"part\": 2", "\"part\": 2, \"part\": 2", "it was changed")]
    [InlineData("\"of\": 3", "\"of\":  3", "it was changed")]
    public void A_changed_seal_is_none(string original, string changed, string why)
    {
        var text = Encoding.UTF8.GetString(Seal.Close(Seal.Files)).Replace(original, changed);

        Should.Throw<JsonException>(() => PartSeal.Parse(Encoding.UTF8.GetBytes(text))).Message.ShouldBe(why);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("of somebody else")]
    public void Text_of_somebody_else_is_no_seal(string text)
    {
        Should.Throw<JsonException>(() => PartSeal.Parse(Encoding.UTF8.GetBytes(text)));
    }

    private static ImmutableSortedDictionary<string, string> Ordinal(params (string Key, string Value)[] values) =>
        values.ToImmutableSortedDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal);
}
