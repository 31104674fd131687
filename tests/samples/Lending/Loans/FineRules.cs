namespace Lending;

/// <summary>What a late return costs.</summary>
public static class FineRules
{
    public const int GraceDays = 2;
    public const int CapCents = 1000;

    /// <summary>
    /// Cents for a book that was due on one day and came back on another. Sundays, when the library is closed, do not count; up to
    /// <see cref="GraceDays"/> days cost nothing, and nobody pays more than <see cref="CapCents"/> for one loan.
    /// </summary>
    public static int Cents(int dailyFineCents, DateOnly due, DateOnly returned)
    {
        var days = OpenDaysBetween(due, returned);
        return days <= GraceDays ? 0 : (int)Math.Min(CapCents, (long)days * dailyFineCents);
    }

    /// <summary>Days after the first, up to and with the second, on which the library is open.</summary>
    public static int OpenDaysBetween(DateOnly first, DateOnly second)
    {
        if (second <= first)
            return 0;
        var days = second.DayNumber - first.DayNumber;
        var sundays = (days + (int)first.DayOfWeek) / 7;
        return days - sundays;
    }

    /// <summary>The day a loan is due: the library does not ask anybody to come on a Sunday.</summary>
    public static DateOnly DueOn(DateOnly lent, int days)
    {
        var due = lent.AddDays(days);
        return due.DayOfWeek == DayOfWeek.Sunday ? due.AddDays(1) : due;
    }
}
