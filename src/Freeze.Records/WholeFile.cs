using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Freeze.Records;

/// <summary>Files that appear whole or not at all.</summary>
public static partial class WholeFile
{
    /// <summary>How the names of files end that are being written; one that is left belongs to a killed process.</summary>
    public const string Part = ".part";

    /// <summary>
    /// Writes beside, waits for the disk, renames over what was there, and waits for the folder: after a power cut there
    /// is the old file or the new one.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="keepAs">Where the file goes that was there, or null where it is of no more use.</param>
    public static void Write(string path, Action<FileStream> write, string? keepAs = null)
    {
        // A name of its own, so that two writers cannot mix.
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

    /// <summary>Appends a text to a file without a buffer and waits for the disk.</summary>
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

    // .NET takes EFBIG for a wrong argument.
    private static IOException TooLarge(string path, Exception error) =>
        new($"File too large: '{path}'", error) { HResult = 27 };

    // .NET opens no folders. Where the system cannot make one wait, as on some network file systems, the file's own
    // flush is all there is.
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
