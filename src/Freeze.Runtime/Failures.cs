using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Runtime.Results;

namespace Freeze.Runtime;

/// <summary>What to tell the user about an exception that ended a run.</summary>
internal static class Failures
{
    private const string OurFault = "this is a fault of Freeze: please report it with the run's plan.json";

    // ENOSPC and EDQUOT on Linux, and Windows' two codes for a full disk.
    private static readonly int[] DiskFull = [28, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    // EFBIG and EROFS.
    private const int FileTooLarge = 27;
    private const int ReadOnly = 30;

    // libtorch's words for a GPU, and for main memory on Linux and elsewhere.
    private static readonly string[] OutOfMemoryWords = ["out of memory", "allocate memory", "not enough memory"];

    /// <summary>The record of a run that an exception has ended.</summary>
    public static RunFailure Of(Run run, string hash, Exception error)
    {
        var (message, advice) = Explain(error);
        return new RunFailure(hash, run.Name, message, advice);
    }

    /// <summary>Whether memory ran out: main memory, or a GPU's, in any wording.</summary>
    public static bool IsOutOfMemory(Exception error) =>
        error is OutOfMemoryException
        || (error is ExternalException
            && OutOfMemoryWords.Any(words => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase)));

    /// <summary>
    /// Whether an exception is a failure of the run, to be recorded. Problems of a disk, a data set or a GPU can be fixed; they
    /// are the machine's.
    /// </summary>
    public static bool IsOfRun(Exception error) => error is not (OperationCanceledException or LostClaimException
        or ElsewhereException or BaseFailedException or MachineException or IOException or UnauthorizedAccessException);

    /// <summary>What to report for a run that ran out of memory.</summary>
    public static RunException OutOfMemory(Exception error) => new(
        $"out of memory: {FirstLine(error)}",
        "use a smaller batch or a narrower net",
        error);

    // libtorch appends its source location.
    private static string FirstLine(Exception error) => error.Message.Split('\n', 2)[0];

    private static (string Message, string Advice) Explain(Exception error) => error switch
    {
        RunException known => (known.Message, known.Advice),
        _ when IsOutOfMemory(error) => Explain(OutOfMemory(error)),
        UnauthorizedAccessException => (
            $"the store cannot be written: {error.Message}", "name a writable store with --store"),
        IOException when DiskFull.Contains(error.HResult) => (
            $"the disk is full: {error.Message}", "free space or name another store with --store, then run again"),
        IOException { HResult: FileTooLarge } => (
            $"a file has reached the size that this user or file system allows: {error.Message}",
            "raise the limit (ulimit -f) or name another store with --store, then run again"),
        IOException { HResult: ReadOnly } => (
            $"the store is on a read-only file system: {error.Message}", "name another store with --store"),
        IOException => (
            $"the store cannot be written: {error.Message}", "name another store with --store, then run again"),
        ExternalException => ($"libtorch: {FirstLine(error)}", OurFault),
        _ => ($"{error.GetType().Name}: {error.Message}", OurFault),
    };
}
