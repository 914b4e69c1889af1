using Xunit;

namespace Freeze.Runtime.Tests;

/// <summary>Executes a run and stops it, as Ctrl-C does, after so many steps.</summary>
internal static class StoppableRun
{
    /// <param name="options">How.</param>
    /// <param name="run">What.</param>
    /// <param name="stopAfter">The step after which it is stopped, of all its trainings.</param>
    /// <param name="afterStep">Is called after each step.</param>
    /// <param name="told">Is told what the user is told.</param>
    public static RunOutcome Execute(
        RunnerOptions options, Run run, int stopAfter, Action? afterStep = null, Action<string>? told = null)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var runner = new Runner(options, () =>
        {
            afterStep?.Invoke();
            if (--stopAfter == 0)
            {
                source.Cancel();
            }
        });
        return runner.Execute(
            run,
            progress =>
            {
                if (progress is Progress.Note note)
                {
                    told?.Invoke(note.Text);
                }
            },
            source.Token);
    }
}
