namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Keeps decoded images in files of Freeze's cache, so that a set is decoded once and then mapped into memory. The paths and
/// lengths of the pictures identify a file: a picture that changes but keeps its length goes unnoticed. Any file in the folder
/// may be removed at any time.
/// </summary>
/// <param name="folder">Created if it is missing.</param>
/// <param name="note">Receives notes on slow work.</param>
internal sealed class DecodedCache(string folder, Action<string> note)
{
    // EAGAIN on Linux and on macOS, and Windows' sharing violation: another process holds the file.
    private static readonly int[] HeldByAnother = [11, 35, unchecked((int)0x80070020)];

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    /// <summary>Both parts of a set, decoded now or earlier. The caller disposes their pixels.</summary>
    /// <param name="name">A plain name, the first part of the file names.</param>
    /// <param name="listing">The pictures to read.</param>
    /// <param name="digest">The digest of the listing's content.</param>
    /// <param name="square">The target size.</param>
    /// <exception cref="DataException">A picture is unusable; nothing is kept.</exception>
    public (RawImages Training, RawImages Test) Read(string name, ImageListing listing, string digest, Square square)
    {
        Directory.CreateDirectory(folder);
        var kind = square.MayScale ? $"{square.Size}" : "exact";
        var path = Path.Combine(folder, $"{name}-{kind}-{digest[..16]}.images");
        var file = new DecodedFile(path, listing, digest, square);
        if (file.TryOpen(note) is { } known)
        {
            return known;
        }

        // The lock file stays: if it were removed, two processes could hold locks on two files of its name.
        using var claim = Claim($"{path}.lock", name);
        if (file.TryOpen(_ => { }) is { } made)
        {
            return made;
        }

        note($"decoding the {listing.Training.Length + listing.Test.Length} images of {name}, once");
        file.Write();
        return file.TryOpen(note)
            ?? throw new DataException($"{path} does not contain what was written to it", "check the disk");
    }

    // The system releases the lock when the process ends, for any reason.
    private FileStream Claim(string path, string name)
    {
        for (var waits = false; ; waits = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (HeldByAnother.Contains(error.HResult))
            {
                if (!waits)
                {
                    note($"another process is decoding {name}: waiting for it");
                }

                Thread.Sleep(Glance);
            }
        }
    }
}
