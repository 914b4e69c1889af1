using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Freeze.Records;

/// <summary>Writes files atomically: they appear whole or not at all.</summary>
public static partial class WholeFile
{
    /// <summary>The ending of the names of files that are being written; a killed process may leave some behind.</summary>
    public const string Part = ".part";

    /// <summary>
    /// Writes a temporary file, waits for the disk, renames it over the old file, and waits for the folder: after a power cut
    /// there is either the old file or the new one.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="keepAs">The new name of the old file, or null to discard it.</param>
    public static void Write(string path, Action<FileStream> write, string? keepAs = null)
    {
        // A unique name, so that two writers cannot mix.
        var beside = $"{path}.{Guid.NewGuid():N}{Part}";
        try
        {
            using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            if (keepAs is not null && File.Exists(path))
            {
                File.Move(path, keepAs, overwrite: true);
            }

            File.Move(beside, path, overwrite: true);
            FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (ArgumentOutOfRangeException error)
        {
            File.Delete(beside);
            throw TooLarge(path, error);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Appends a text to an unbuffered file and waits for the disk.</summary>
    public static void Append(FileStream file, string text)
    {
        try
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw TooLarge(file.Name, error);
        }
    }

    /// <summary>Writes a text as UTF-8.</summary>
    public static void Write(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    // .NET reports EFBIG as a wrong argument.
    private static IOException TooLarge(string path, Exception error) =>
        new($"File too large: '{path}'", error) { HResult = 27 };

    // .NET cannot open folders. If the system cannot flush one, as on some network file systems, flushing the file must suffice.
    private static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var handle = Open(folder, 0);
        if (!handle.IsInvalid)
        {
            _ = Flush(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(SafeFileHandle handle);
}
