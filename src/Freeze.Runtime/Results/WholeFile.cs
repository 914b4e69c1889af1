namespace Freeze.Runtime.Results;

/// <summary>Files that appear whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>
    /// Writes beside, waits for the disk, then renames over what was there. .NET cannot make a folder wait for the
    /// disk: after a power cut the old file may be there again, but never half of the new one.
    /// </summary>
    public static void Write(string path, Action<Stream> write)
    {
        // One name: what a killed process has left is overwritten by the next. The folder's lock keeps others away.
        var beside = $"{path}.part";
        try
        {
            using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Writes a text as UTF-8.</summary>
    public static void Write(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
