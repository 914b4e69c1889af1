namespace Freeze.Report.Charts;

/// <summary>How long each epoch of each run took, in the order in which they ended: a machine that slows down shows.</summary>
internal static class TimeChart
{
    private const int MostPoints = 20_000;

    /// <summary>The chart, or null where no time is recorded.</summary>
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

        var colours = groups.Count > 1 ? $", a colour for each of {groups.Count} groups of runs" : "";
        points = [.. Chart.Thinned(points, MostPoints)];
        return new Chart(
            "Seconds per epoch in the order of the runs",
            $"Seconds of each of {points.Length} epochs by when it ended{colours}",
            Chart.Parse($$$"""
                {
                  "width": "container", "height": 260, "data": {"name": "epochs"},
                  "params": [{"name": "picked", "select": {"type": "point", "fields": ["series"], "toggle": "true"}, "bind": "legend"}],
                  "mark": {"type": "point", "filled": true, "size": 40},
                  "encoding": {
                    "x": {"field": "ended", "type": "temporal", "scale": {"type": "utc"}, "title": "when the epoch ended (UTC)", "axis": {"grid": false, "tickCount": 6} },
                    "y": {"field": "seconds", "type": "quantitative", "title": "seconds per epoch", "scale": {"zero": true} },
                    "color": {"field": "series", "type": "nominal", "title": null, "sort": null, "scale": {"scheme": {{{Chart.Scheme(groups.Count)}}} } },
                    "opacity": {"condition": {"param": "picked", "value": 1}, "value": 0.07},
                    "tooltip": [
                      {"field": "run"}, {"field": "epoch"}, {"field": "seconds", "format": ".3f"},
                      {"field": "ended", "type": "temporal", "format": "%Y-%m-%d %H:%M:%S"}, {"field": "machine"}, {"field": "threads"}
                    ]
                  }
                }
                """),
            [("epochs", new Columns()
                .Numbers("ended", points.Select(point => point.Ended))
                .Numbers("seconds", points.Select(point => point.Time.Seconds))
                .Numbers("epoch", points.Select(point => (double)point.Time.Epoch))
                .Numbers("threads", points.Select(point => (double)point.Time.Threads))
                .Words("machine", points.Select(point => point.Time.Machine))
                .Words("run", points.Select(point => point.Run))
                .Words("series", points.Select(point => point.Series)))]);
    }
}
