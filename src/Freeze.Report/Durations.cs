using System.Globalization;

namespace Freeze.Report;

/// <summary>Readable durations.</summary>
public static class Durations
{
    /// <summary>A duration in its two largest units: <c>0.62 s</c>, <c>14.3 s</c>, <c>13 min</c>, <c>2 h 5 min</c>.</summary>
    /// <param name="seconds">At least 0.</param>
    public static string Show(double seconds)
    {
        if (seconds < 99.95)
        {
            // Three digits, because epochs of similar runs differ little.
            var format = seconds < 1 ? "0.###" : seconds < 9.995 ? "0.##" : "0.#";
            return seconds.ToString(format, CultureInfo.InvariantCulture) + " s";
        }

        var span = TimeSpan.FromSeconds(Math.Round(Math.Min(seconds, 1e10)));
        return span switch
        {
            { TotalMinutes: < 10 } => $"{span.Minutes} min{More(span.Seconds, "s")}",
            { TotalHours: < 1 } => Minutes(span) is var minutes && minutes < 60 ? $"{minutes} min" : "1 h",
            { TotalDays: < 1 } => $"{span.Hours} h{More(span.Minutes, "min")}",
            _ => $"{(int)span.TotalDays} d{More(span.Hours, "h")}",
        };
    }

    /// <summary>A recorded time to the second: <c>2026-03-01 12:00:01 UTC</c>; a damaged one unchanged.</summary>
    public static string Moment(string iso) =>
        DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)
            : iso;

    private static int Minutes(TimeSpan span) => (int)Math.Round(span.TotalMinutes);

    private static string More(int rest, string unit) => rest == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {rest} {unit}");
}
