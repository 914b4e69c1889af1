namespace Freeze.Report.Charts;

/// <summary>The time of each epoch of each run, in the order in which they ended: this shows if a machine slows down.</summary>
internal static class TimeChart
{
    private const int MostPoints = 20_000;

    /// <summary>The chart, or null if no time is recorded.</summary>
    public static Chart? Of(ReportFile file)
    {
        var axes = file.Axes;
        var groups = file.By(axes);
        var points = groups
            .Select(group => (group.Runs, Label: group.Label(axes)))
            .SelectMany(group => group.Runs.SelectMany(run => run.Times.Select(time => (Time: time, Run: run.Run.Name, Series: group.Label))))
            .Select(point => (point.Time, point.Run, point.Series, Ended: ReportFile.Milliseconds(point.Time.Ended)))
            .Where(point => double.IsFinite(point.Ended))
            .OrderBy(point => point.Ended)
            .ToArray();
        if (points.Length == 0)
        {
            return null;
        }

        var (first, seconds) = (points[0].Ended, points.Select(point => point.Time.Seconds).Order().ToArray());
        var description = $"Time of {Chart.Count(points.Length, "epoch")} in the order in which they ended: min {Durations.Show(seconds[0])}, "
            + $"median {Durations.Show(seconds[seconds.Length / 2])}, max {Durations.Show(seconds[^1])}";
        var (unit, length) = (points[^1].Ended - first) switch
        {
            < 300e3 => ("seconds", 1e3),
            < 180 * 60e3 => ("minutes", 60e3),
            < 72 * 3600e3 => ("hours", 3600e3),
            _ => ("days", 24 * 3600e3),
        };
        points = [.. Chart.Thinned(points, MostPoints)];
        return new Chart(
            "Time of each epoch",
            description,
            Chart.Parse($$$"""
                {
                  "width": "container", "height": 260, "data": {"name": "epochs"},
                  "mark": {"type": "point", "filled": true, "size": 40, "opacity": 1},
                  "encoding": {
                    "x": {"field": "after", "type": "quantitative", "title": "{{{unit}}} since the first epoch ended", "scale": {"nice": false, "padding": 8}, "axis": {"grid": false, "tickCount": 6, "format": "~r"} },
                    "y": {"field": "seconds", "type": "quantitative", "title": "seconds per epoch", "scale": {"zero": true}, "axis": {"format": "~r"} },
                    "color": {{{Chart.Colour}}},
                    "tooltip": [
                      {"field": "run"}, {"field": "epoch"}, {"field": "seconds", "format": ".3~r"}, {"field": "ended", "timeUnit": "utcyearmonthdatehoursminutesseconds", "title": "ended (UTC)", "format": "%Y-%m-%d %H:%M:%S"}, {"field": "machine"}, {"field": "threads"}
                    ]
                  }
                }
                """),
            [("epochs", new Columns()
                .Numbers("after", points.Select(point => (point.Ended - first) / length))
                .Numbers("seconds", points.Select(point => point.Time.Seconds))
                .Numbers("epoch", points.Select(point => (double)point.Time.Epoch))
                .Numbers("threads", points.Select(point => (double)point.Time.Threads))
                .Numbers("ended", points.Select(point => point.Ended))
                .Words("machine", points.Select(point => point.Time.Machine))
                .Words("run", points.Select(point => point.Run))
                .Words("series", points.Select(point => point.Series)))]);
    }
}
