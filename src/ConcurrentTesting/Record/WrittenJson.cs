using System.Buffers.Text;
using System.Text.Json.Serialization.Metadata;

namespace ConcurrentTesting.Record;

/// <summary>Reads JSON of ours, property after property, in the order in which we write them: a fraction of the serializer's time, for what
/// there is a hundred thousand times. Anything else makes <see cref="IsAsWritten"/> false, and all values from there on are nothing; the
/// serializer reads it then, or says what is wrong with it.</summary>
/// <param name="text">Reads the texts.</param>
internal ref struct WrittenJson(ReadOnlySpan<byte> json, SharedText text)
{
    private Utf8JsonReader _json = new(json);

    /// <summary>Reads an item of an array.</summary>
    public delegate T ItemReader<T>(ref WrittenJson json);

    /// <summary>Reads a property whose name says whose value it is.</summary>
    public delegate void PropertyReader(ref WrittenJson json, string name);

    /// <summary>All values so far were there, and of their kind.</summary>
    public bool IsAsWritten { get; private set; } = true;

    /// <summary>The outermost object begins.</summary>
    public void Begin()
    {
        Expect(_json.Read());
        BeginObject();
    }

    /// <summary>An object begins, as a property or as an item of an array.</summary>
    public void BeginObject(ReadOnlySpan<byte> name)
    {
        if (Has(name))
            BeginObject();
    }

    public void BeginObject() => Expect(IsAsWritten && _json.TokenType == JsonTokenType.StartObject && _json.Read());

    public void EndObject() => Leave(JsonTokenType.EndObject);

    /// <summary>An array begins, as a property or as an item of another.</summary>
    public void BeginArray(ReadOnlySpan<byte> name)
    {
        if (Has(name))
            BeginArray();
    }

    public void BeginArray() => Expect(IsAsWritten && _json.TokenType == JsonTokenType.StartArray && _json.Read());

    public void EndArray() => Leave(JsonTokenType.EndArray);

    // Ends the array where it has no more items.
    private bool HasMore()
    {
        if (IsAsWritten && _json.TokenType != JsonTokenType.EndArray)
            return true;
        EndArray();
        return false;
    }

    /// <summary>The outermost object ends, and nothing follows.</summary>
    public void End() => Expect(IsAsWritten && _json.TokenType == JsonTokenType.EndObject && !_json.Read());

    public string Text(ReadOnlySpan<byte> name) => Has(name) ? Item() : "";

    public string? OptionalText(ReadOnlySpan<byte> name) => IsAt(name) ? Text(name) : null;

    /// <summary>A text that is an item of an array.</summary>
    public string Item() => IsOf(JsonTokenType.String) ? Moved(text.Read(ref _json)) : "";

    public ImmutableArray<string> Texts(ReadOnlySpan<byte> name) => Items(name, static (ref json) => json.Item());

    public ImmutableArray<T> Objects<T>(ReadOnlySpan<byte> name, ItemReader<T> read) => Items(name, (ref json) =>
    {
        json.BeginObject();
        var item = read(ref json);
        json.EndObject();
        return item;
    });

    public ImmutableArray<T> Items<T>(ReadOnlySpan<byte> name, ItemReader<T> read)
    {
        BeginArray(name);
        if (!HasMore())
            return [];
        var items = ImmutableArray.CreateBuilder<T>();
        do
            items.Add(read(ref this));
        while (HasMore());
        return items.DrainToImmutable();
    }

    /// <summary>An object whose properties may have any names.</summary>
    public void Properties(ReadOnlySpan<byte> name, PropertyReader read)
    {
        BeginObject(name);
        while (IsAsWritten && _json.TokenType == JsonTokenType.PropertyName)
        {
            var property = _json.GetString()!;
            Expect(_json.Read());
            read(ref this, property);
        }

        EndObject();
    }

    public void OptionalProperties(ReadOnlySpan<byte> name, PropertyReader read)
    {
        if (IsAt(name))
            Properties(name, read);
    }

    /// <summary>An object that there are few of, by the serializer.</summary>
    /// <exception cref="JsonException">It is none of this kind.</exception>
    public T? Value<T>(JsonTypeInfo<T> contract) =>
        IsOf(JsonTokenType.StartObject) ? Moved(JsonSerializer.Deserialize(ref _json, contract)) : default;

    /// <inheritdoc cref="Value"/>
    public T? OptionalValue<T>(ReadOnlySpan<byte> name, JsonTypeInfo<T> contract) => IsAt(name) && Has(name) ? Value(contract) : default;

    public int Number(ReadOnlySpan<byte> name)
    {
        if (Has(name) && _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var value))
            return Moved(value);
        Expect(false);
        return 0;
    }

    public int? OptionalNumber(ReadOnlySpan<byte> name) => IsAt(name) ? Number(name) : null;

    public double Real(ReadOnlySpan<byte> name)
    {
        var value = RealOrNull(name);
        Expect(value is not null);
        return value ?? 0;
    }

    /// <summary>A number, or <c>null</c> where it is unknown.</summary>
    public double? RealOrNull(ReadOnlySpan<byte> name)
    {
        if (!Has(name))
            return null;
        if (_json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out var value))
            return Moved(value);
        Leave(JsonTokenType.Null);
        return null;
    }

    public double? OptionalReal(ReadOnlySpan<byte> name) => IsAt(name) ? Real(name) : null;

    public bool Flag(ReadOnlySpan<byte> name)
    {
        if (Has(name) && _json.TokenType is JsonTokenType.True or JsonTokenType.False)
            return Moved(_json.TokenType == JsonTokenType.True);
        Expect(false);
        return false;
    }

    public DateTimeOffset? OptionalTime(ReadOnlySpan<byte> name) => IsAt(name) ? Time(name) : null;

    public DateTimeOffset Time(ReadOnlySpan<byte> name)
    {
        if (Has(name) && _json.TokenType == JsonTokenType.String && _json.TryGetDateTimeOffset(out var value))
            return Moved(value);
        Expect(false);
        return default;
    }

    public TimeSpan Duration(ReadOnlySpan<byte> name)
    {
        if (Has(name) && IsPlainText && Utf8Parser.TryParse(_json.ValueSpan, out TimeSpan value, out var read, 'c')
            && read == _json.ValueSpan.Length)
            return Moved(value);
        Expect(false);
        return default;
    }

    public Guid Id(ReadOnlySpan<byte> name)
    {
        if (Has(name) && _json.TokenType == JsonTokenType.String && _json.TryGetGuid(out var value))
            return Moved(value);
        Expect(false);
        return default;
    }

    /// <summary>One of our own words.</summary>
    /// <returns>Its place among <paramref name="words"/>; 0 where it is none of them.</returns>
    public int Word(ReadOnlySpan<byte> name, ImmutableArray<byte[]> words)
    {
        if (Has(name) && IsPlainText)
        {
            for (var place = 0; place < words.Length; place++)
            {
                if (_json.ValueTextEquals(words[place]))
                    return Moved(place);
            }
        }

        Expect(false);
        return 0;
    }

    private readonly bool IsPlainText => _json.TokenType == JsonTokenType.String && !_json.ValueIsEscaped;

    private readonly bool IsAt(ReadOnlySpan<byte> name) =>
        IsAsWritten && _json.TokenType == JsonTokenType.PropertyName && _json.ValueTextEquals(name);

    private bool Has(ReadOnlySpan<byte> name)
    {
        var has = IsAt(name);
        Expect(has && _json.Read());
        return has;
    }

    private bool IsOf(JsonTokenType type)
    {
        Expect(IsAsWritten && _json.TokenType == type);
        return IsAsWritten;
    }

    private void Leave(JsonTokenType end) => Expect(IsAsWritten && _json.TokenType == end && _json.Read());

    private T Moved<T>(T value)
    {
        Expect(_json.Read());
        return value;
    }

    private void Expect(bool isSo) => IsAsWritten &= isSo;
}
