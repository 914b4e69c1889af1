namespace Freeze.Report.Tables;

/// <summary>The parameters to store for runs that start from one run: its weights once, and each run's own.</summary>
internal static class BaseTable
{
    /// <summary>A row for each run that others of the file start from; null if there is none.</summary>
    public static Table? Of(ReportFile file)
    {
        var addresses = new Addresses();
        var groups = file.Runs
            .Where(run => run.Run.Recipe.From.IsRun)
            .GroupBy(run => addresses.Of(BaseOf(run).Recipe))
            .ToArray();
        return groups.Length == 0 ? null : new Table(
            "weights to keep",
            "Weights to keep for runs that start from another run: that run's weights, and each run's trained or own weights",
            [
                new("starts from"), new("weights", IsNumber: true), new("runs", IsNumber: true), new("of their own", IsNumber: true),
                new("in all", IsNumber: true),
            ],
            groups.Select(group =>
            {
                var (before, own) = (BaseOf(group.First()), group.Sum(run => Origins.ownParameters(run.Run.Recipe)));
                var whole = Origins.ownParameters(before.Recipe);
                return new Cell[] { before.Name, Cell.Of(whole), Cell.Of(group.Count()), Cell.Of(own), Cell.Of(whole + own) };
            }));
    }

    private static BaseRun BaseOf(RunRecords run) => ((Origin.Run)run.Run.Recipe.From).Base;
}
