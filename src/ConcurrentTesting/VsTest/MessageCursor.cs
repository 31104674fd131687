namespace ConcurrentTesting.VsTest;

/// <summary>A place in a message of which each name and each kind of value is known; whatever else comes is an exception.</summary>
internal ref struct MessageCursor(ReadOnlySpan<byte> message)
{
    private const string DurationFormat = "c";

    // The platform writes as many digits of a second as a time has. A time without a zone would mean another moment in each zone.
    private const int ShortestTime = 25;
    private const int LongestTime = 33;
    private const int ZoneLength = 6;

    private readonly ReadOnlySpan<byte> _message = message;

    /// <summary>The reader at the current token.</summary>
    public Utf8JsonReader Json = new(message);

    public readonly bool IsNull => Json.TokenType == JsonTokenType.Null;

    public void Move()
    {
        if (!Json.Read())
            throw new FormatException("The message ends early.");
    }

    public void Move(JsonTokenType type)
    {
        Move();
        Expect(type);
    }

    public readonly void Expect(JsonTokenType type)
    {
        if (Json.TokenType != type)
            throw new FormatException("The message has another shape.");
    }

    /// <summary>Moves over a name, which has to be this one, to its value.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        Move(JsonTokenType.PropertyName);
        if (!Json.ValueTextEquals(name))
            throw new FormatException("The message has another name in it.");
        Move();
    }

    /// <summary>Moves to the next element of an array; false: it has ended.</summary>
    public bool MoveIn()
    {
        Move();
        return Json.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Moves to the next name in an object; false: it has ended.</summary>
    public bool MoveOverName()
    {
        Move();
        if (Json.TokenType == JsonTokenType.EndObject)
            return false;
        Expect(JsonTokenType.PropertyName);
        return true;
    }

    public void ExpectEmptyArray()
    {
        Expect(JsonTokenType.StartArray);
        Move(JsonTokenType.EndArray);
    }

    /// <summary>The bytes of the current value, which is then behind.</summary>
    public ReadOnlySpan<byte> Skip()
    {
        var start = (int)Json.TokenStartIndex;
        Json.Skip();
        return _message[start..(int)Json.BytesConsumed];
    }

    /// <summary>Reads a text that nobody wants; it has to be one.</summary>
    public readonly void LeaveText()
    {
        if (Json.ValueIsEscaped)
            Value();
        else
            Expect(JsonTokenType.String);
    }

    public readonly string Value()
    {
        Expect(JsonTokenType.String);
        return Json.GetString()!;
    }

    public string Text(ReadOnlySpan<byte> name)
    {
        Name(name);
        return Value();
    }

    public string? TextOrNull(ReadOnlySpan<byte> name)
    {
        Name(name);
        return IsNull ? null : Value();
    }

    /// <summary>A text or null; the last one's where it is the same.</summary>
    public string? Text(ReadOnlySpan<byte> name, ref string? last)
    {
        Name(name);
        if (IsNull)
            return null;
        Expect(JsonTokenType.String);
        return last is not null && Json.ValueTextEquals(last) ? last : last = Value();
    }

    public Guid Guid(ReadOnlySpan<byte> name)
    {
        Name(name);
        return Json.GetGuid();
    }

    public TimeSpan Duration(ReadOnlySpan<byte> name) =>
        TimeSpan.ParseExact(Text(name), DurationFormat, CultureInfo.InvariantCulture, TimeSpanStyles.None);

    public DateTimeOffset Time(ReadOnlySpan<byte> name)
    {
        Name(name);
        Expect(JsonTokenType.String);
        if (Json.ValueSpan.Length is < ShortestTime or > LongestTime || Json.ValueSpan[^ZoneLength] is not ((byte)'+' or (byte)'-'))
            throw new FormatException("A time of another form.");
        return Json.GetDateTimeOffset();
    }

    /// <summary>Checks that nothing follows.</summary>
    public void End()
    {
        if (Json.Read())
            throw new FormatException("The message goes on.");
    }
}
