using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>What the runs of a row measured.</summary>
/// <param name="Measured">Over the finished runs, or null where none tells it.</param>
/// <param name="Published">The source's value in the same unit, or null where there is none for this row.</param>
/// <param name="Source">Where it was printed.</param>
/// <param name="Stages">Of a measure that each stage has one of, that of each stage; else empty.</param>
public sealed record ReportCell(Spread? Measured, double? Published, string Source, IReadOnlyList<Spread> Stages);

/// <summary>A row of a table.</summary>
/// <param name="Group">Its runs.</param>
/// <param name="Cells">One for each measure.</param>
public sealed record ReportRow(RunGroup Group, IReadOnlyList<ReportCell> Cells);

/// <summary>Measures by axes: means over all other axes.</summary>
/// <param name="Axes">Each is a column.</param>
/// <param name="Measures">Each is a column, and where a source has values of it two more.</param>
/// <param name="Rows">In the order of the file.</param>
public sealed record ReportTable(
    IReadOnlyList<string> Axes, IReadOnlyList<string> Measures, IReadOnlyList<ReportRow> Rows)
{
    /// <summary>The table of a file's runs.</summary>
    public static ReportTable Of(ReportFile file, ReportItem.Table item)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(item);
        var rows = file.By(item.By)
            .Select(group => new ReportRow(group, [.. item.Measures.Select(measure => Cell(measure, group))]));
        return new ReportTable(item.By, item.Measures, [.. rows]);
    }

    /// <summary>Whether a source has values of a measure.</summary>
    public bool HasPublished(int measure) => Rows.Any(row => row.Cells[measure].Published is not null);

    private static ReportCell Cell(string measure, RunGroup group)
    {
        var values = group.Finished.Select(run => Report.Measures.Of(measure, run)).OfType<double>().ToArray();
        var published = group.Runs.SelectMany(run => run.Run.Expected)
            .Where(expected => expected.Measure == measure)
            .DistinctBy(expected => (expected.Value, expected.Source))
            .ToArray();

        // Runs of which a source says different things have no one value beside their mean.
        return new ReportCell(
            values.Length > 0 ? Spread.Of(values) : null,
            published.Length == 1 ? Report.Measures.Published(measure, published[0].Value) : null,
            string.Join(", ", published.Select(expected => expected.Source).Distinct()),
            Stages(measure, group));
    }

    // Nets of different depths have no stages to compare.
    private static Spread[] Stages(string measure, RunGroup group)
    {
        var values = group.Finished.Select(run => Report.Measures.OfStages(measure, run)).OfType<double[]>().ToArray();
        return values.Length > 0 && values.All(run => run.Length == values[0].Length)
            ? [.. Enumerable.Range(0, values[0].Length).Select(stage => Spread.Of(values.Select(run => run[stage])))]
            : [];
    }
}
