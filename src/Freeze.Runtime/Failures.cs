using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Runtime.Results;

namespace Freeze.Runtime;

/// <summary>What to tell the user of an exception that ended a run.</summary>
internal static class Failures
{
    private const string OurFault = "this is a fault of Freeze: please report it with the run's plan.json";

    // ENOSPC and EDQUOT on Linux, and Windows' two words for a full disk.
    private static readonly int[] DiskFull = [28, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    // EFBIG and EROFS.
    private const int FileTooLarge = 27;
    private const int ReadOnly = 30;

    // Those of libtorch for a GPU, and for main memory on Linux and elsewhere.
    private static readonly string[] OutOfMemoryWords = ["out of memory", "allocate memory", "not enough memory"];

    /// <summary>The record of a run that an exception has ended.</summary>
    public static RunFailure Of(Run run, string hash, Exception error)
    {
        var (message, advice) = Explain(error);
        return new RunFailure(hash, run.Name, message, advice);
    }

    /// <summary>Whether there was no room for something: in main memory, or on a GPU in whatever words.</summary>
    public static bool IsOutOfMemory(Exception error) =>
        error is OutOfMemoryException
        || (error is ExternalException
            && OutOfMemoryWords.Any(words => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase)));

    /// <summary>
    /// Whether an exception is a failure of the run, to be kept as such: a disk, a data set or a GPU may be mended, and those
    /// are the machine's.
    /// </summary>
    public static bool IsOfRun(Exception error) => error is not (OperationCanceledException or LostClaimException
        or ElsewhereException or BaseFailedException or MachineException or IOException or UnauthorizedAccessException);

    /// <summary>What to tell of a run that has found no memory.</summary>
    public static RunException OutOfMemory(Exception error) => new(
        $"out of memory: {FirstLine(error)}",
        "use a smaller batch or a narrower net",
        error);

    // libtorch appends where in its sources it was.
    private static string FirstLine(Exception error) => error.Message.Split('\n', 2)[0];

    private static (string Message, string Advice) Explain(Exception error) => error switch
    {
        RunException known => (known.Message, known.Advice),
        _ when IsOutOfMemory(error) => Explain(OutOfMemory(error)),
        UnauthorizedAccessException => (
            $"the store cannot be written: {error.Message}", "name one that this user may write, with --store"),
        IOException when DiskFull.Contains(error.HResult) => (
            $"the disk is full: {error.Message}", "free space or name another store with --store, then run again"),
        IOException { HResult: FileTooLarge } => (
            $"a file has reached the size that this user or file system allows: {error.Message}",
            "raise the limit (ulimit -f) or name another store with --store, then run again"),
        IOException { HResult: ReadOnly } => (
            $"the store is on a file system that can only be read: {error.Message}", "name another one with --store"),
        IOException => (
            $"the store cannot be written: {error.Message}", "name another one with --store, then run again"),
        ExternalException => ($"libtorch: {FirstLine(error)}", OurFault),
        _ => ($"{error.GetType().Name}: {error.Message}", OurFault),
    };
}
