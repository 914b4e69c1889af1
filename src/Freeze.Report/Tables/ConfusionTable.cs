using System.Globalization;
using Freeze.Report.Charts;

namespace Freeze.Report.Tables;

/// <summary>The predictions of runs' nets on their test sets, by class.</summary>
/// <param name="Title">The runs, and their most frequent mistake.</param>
/// <param name="Table">The counts: a matrix, or with many classes the most frequent mistakes.</param>
internal sealed record ConfusionTable(string Title, Table Table)
{
    // A wider matrix fits no screen.
    private const int MostClasses = 20;
    private const int MostMistakes = 20;

    /// <summary>A table for each combination of axes, except for the seed, with predictions of a finished run.</summary>
    public static IReadOnlyList<ConfusionTable> Of(ReportFile file)
    {
        var axes = file.Telling([]);
        return
        [
            .. file.By(axes)
                .Select(group => (Label: group.Label(axes), Known: group.Runs.Select(run => run.Confusion).OfType<Confusion>().ToArray()))
                .Where(found => found.Known.Length > 0)
                .Select(found => Of(found.Label, found.Known)),
        ];
    }

    private static ConfusionTable Of(string label, Confusion[] runs)
    {
        var confusion = ConfusionModule.sum(runs);
        var mistakes = ConfusionModule.mistakes(confusion);
        var several = runs.Length > 1 ? $" in {runs.Length} runs" : "";
        var worst = mistakes.Length > 0 ? $"; most frequent mistake: {Mistake(mistakes[0])}" : "";
        var title = string.Create(
            CultureInfo.InvariantCulture,
            $"{label}: {Measures.Show("test accuracy", ConfusionModule.accuracy(confusion))} of {ConfusionModule.total(confusion):N0} test images right{several}{worst}");
        return new ConfusionTable(title, confusion.Classes <= MostClasses ? Matrix(label, confusion) : Mistakes(label, confusion, mistakes));
    }

    private static string Mistake((int Label, int Answer, int Images) mistake) =>
        $"{Number(mistake.Label)} predicted as {Number(mistake.Answer)} ({Chart.Count(mistake.Images, "image")})";

    private static Table Matrix(string label, Confusion confusion)
    {
        var matrix = ConfusionModule.matrix(confusion);
        return new Table(
            $"confusion of {label}",
            "Images of each class (rows) by the predicted class (columns). Darker cells are a larger fraction of their row",
            [
                new("class"), .. matrix.Select((_, answer) => new Column(Number(answer), IsNumber: true)),
                new("precision", IsNumber: true), new("recall", IsNumber: true),
            ],
            ConfusionModule.ofClasses(confusion).Select(counts => (Cell[])
            [
                Number(counts.Class),
                .. matrix[counts.Class].Select(images => Cell.Of(images) with { Shade = counts.Images > 0 ? (double)images / counts.Images : 0 }),
                Share(counts.Precision), Share(counts.Recall),
            ]));
    }

    private static Table Mistakes(string label, Confusion confusion, (int Label, int Answer, int Images)[] mistakes)
    {
        var classes = ConfusionModule.ofClasses(confusion);
        return new Table(
            $"confusion of {label}",
            string.Create(CultureInfo.InvariantCulture, $"The {Math.Min(MostMistakes, mistakes.Length)} most frequent mistakes of {mistakes.Length:N0} kinds, among {confusion.Classes} classes"),
            [new("class"), new("predicted as"), new("images", IsNumber: true), new("of the class", IsNumber: true)],
            mistakes.Take(MostMistakes).Select(mistake => (Cell[])
            [
                Number(mistake.Label), Number(mistake.Answer), Cell.Of(mistake.Images),
                Share((double)mistake.Images / classes[mistake.Label].Images),
            ]));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Cell Share(double value) => double.IsNaN(value) ? Cell.Gap : Measures.Show("test accuracy", value);
}
