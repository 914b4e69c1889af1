using System.Globalization;
using Freeze.Report.Charts;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tables;

/// <summary>Measures by axes: means over a row's finished runs, with a source's values and the differences from them.</summary>
internal static class MeasureTable
{
    /// <summary>The table of a file's runs: a column per axis and measure, or three per measure with published values.</summary>
    public static Table Of(ReportFile file, ReportItem.Table item)
    {
        var groups = file.By(item.By);
        (Column Column, IEnumerable<Cell> Cells)[] columns =
        [
            .. item.By.Select((axis, i) => (new Column(axis), groups.Select(group => (Cell)group.Values[i]))),
            .. item.By.Length == 0 ? [(new Column("runs"), groups.Select(_ => (Cell)"all"))] : Array.Empty<(Column, IEnumerable<Cell>)>(),
            .. item.Measures.SelectMany(measure => OfMeasure(measure, file.Called(measure), groups)),
            (new Column("runs", IsNumber: true), groups.Select(group => (Cell)Progress(group))),
        ];
        var cells = Array.ConvertAll(columns, column => column.Cells.ToArray());
        return new Table(
            $"table: {Title(item)}",
            "Means over the finished runs of a row ± their standard deviation",
            [.. columns.Select(column => column.Column)],
            groups.Select((_, row) => Array.ConvertAll(cells, column => column[row])));
    }

    /// <summary>The title of a table.</summary>
    public static string Title(ReportItem.Table item) =>
        CurveChart.Sentence(item.Measures) + (item.By.Length > 0 ? $" by {string.Join(", ", item.By)}" : " of all runs");

    private static IEnumerable<(Column Column, IEnumerable<Cell> Cells)> OfMeasure(string measure, string called, IReadOnlyList<RunGroup> groups)
    {
        var measured = groups.Select(group => Measured(measure, group)).ToArray();
        yield return (new Column(called, IsNumber: true), groups.Zip(measured, (group, spread) => Shown(measure, group, spread)));
        var published = groups.Select(group => Published(measure, group)).ToArray();
        if (published.Any(source => source is not null))
        {
            double? Value(Expectation? source) => source is null ? null : Measures.Published(measure, source.Value);
            yield return (new Column("source", IsNumber: true), published.Select(source =>
                Value(source) is { } value ? Cell.Of(measure, value) with { Hint = source!.Source } : Cell.Gap));
            yield return (new Column("difference", IsNumber: true), published.Zip(measured, (source, spread) =>
                spread?.Mean - Value(source) is { } difference
                    ? new Cell(Measures.ShowDifference(measure, difference), Tone: difference < 0 ? "below" : "above")
                    : Cell.Gap));
        }
    }

    private static Spread? Measured(string measure, RunGroup group)
    {
        var values = group.Finished.Select(run => Measures.Of(measure, run)).OfType<double>().ToArray();
        return values.Length > 0 ? Spread.Of(values) : null;
    }

    private static Cell Shown(string measure, RunGroup group, Spread? measured)
    {
        string Show(double value) => Measures.Show(measure, value);
        return measured switch
        {
            null => OfStages(measure, group),
            { Count: > 1, Deviation: > 0 } => new Cell(
                Show(measured.Mean),
                $"± {Show(measured.Deviation)}",
                $"min {Show(measured.Least)}, max {Show(measured.Most)} of {measured.Count} runs",
                Order: Measures.Order(measure, measured.Mean)),
            _ => Cell.Of(measure, measured.Mean),
        };
    }

    // A measure with one value per stage. Choices drawn for one run tell little about another, so several runs give the median.
    // Nets of different depths have no comparable stages.
    private static Cell OfStages(string measure, RunGroup group)
    {
        var runs = group.Finished.Select(run => Measures.OfStages(measure, run)).OfType<double[]>().ToArray();
        if (runs.Length == 0 || runs.Any(run => run.Length != runs[0].Length))
        {
            return Cell.Gap;
        }

        var stages = runs[0].Select((_, stage) => Spread.Of(runs.Select(run => run[stage]))).ToArray();
        string Show(double value) => Measures.Show(measure, value);
        var extremes = stages.Select((stage, i) => $"stage {i + 1}: min {Show(stage.Least)}, max {Show(stage.Most)}");
        return new Cell(
            string.Join(" / ", stages.Select(stage => Show(stage.Median))),
            Hint: runs.Length > 1 ? $"medians of {runs.Length} runs; {string.Join("; ", extremes)}" : "");
    }

    // Runs with different published values have no single value to show beside their mean.
    private static Expectation? Published(string measure, RunGroup group)
    {
        var published = group.Runs.SelectMany(run => run.Run.Expected)
            .Where(expected => expected.Measure == measure)
            .DistinctBy(expected => (expected.Value, expected.Source))
            .ToArray();
        return published is [var only] ? only : null;
    }

    // How many of a row's runs have finished.
    private static string Progress(RunGroup group)
    {
        var finished = group.Finished.Count();
        return finished == group.Runs.Count
            ? finished.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{finished} of {group.Runs.Count}");
    }
}
