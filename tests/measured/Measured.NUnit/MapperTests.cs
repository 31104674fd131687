using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NUnit.Framework;

namespace Measured.NUnit;

/// <summary>What is built on the drivers is counted as what it sends.</summary>
public sealed class MapperTests
{
    [Test]
    public async Task Dapper_r2w1o0()
    {
        await using var connection = Work.Connection();
        var texts = await connection.QueryAsync<string>("SELECT text FROM note WHERE text = @text", new { text = "nowhere" });
        await connection.ExecuteAsync("INSERT INTO note (text) VALUES (@text)", new { text = "by Dapper" });
        var count = await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM note");

        Assert.That(texts, Is.Empty);
        Assert.That(count, Is.Positive);
    }

    [Test]
    public async Task EntityFramework_r2w1o0()
    {
        await using var notes = Notes();
        var text = Guid.NewGuid().ToString();
        var before = await notes.Set<Note>().Where(note => note.Text == text).ToListAsync();
        notes.Add(new Note { Text = text });
        await notes.SaveChangesAsync();
        var after = await notes.Set<Note>().CountAsync(note => note.Text == text);

        Assert.That(before, Is.Empty);
        Assert.That(after, Is.EqualTo(1));
    }

    private static NoteContext Notes()
    {
        var options = new DbContextOptionsBuilder<NoteContext>();
        switch (Work.Connection())
        {
            case SqliteConnection sqlite:
                options.UseSqlite(sqlite.ConnectionString);
                break;
            case NpgsqlConnection postgreSql:
                options.UseNpgsql(postgreSql.ConnectionString);
                break;
            default:
                Assert.Ignore("There is no provider of Entity Framework for this driver here.");
                break;
        }

        return new NoteContext(options.Options);
    }
}

public sealed class NoteContext(DbContextOptions<NoteContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var note = modelBuilder.Entity<Note>().ToTable("note");
        note.HasKey(row => row.Text);
        note.Property(row => row.Text).HasColumnName("text");
    }
}

public sealed class Note
{
    public required string Text { get; init; }
}
