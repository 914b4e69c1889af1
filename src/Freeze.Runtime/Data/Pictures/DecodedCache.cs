namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Keeps decoded images in files of Freeze's cache, so that a set is decoded once and then mapped into memory. A file
/// is found by the paths and lengths of the pictures: a picture that is changed and keeps its length is not seen.
/// Anything in the folder may be removed at any time.
/// </summary>
/// <param name="folder">It is made where it is missing.</param>
/// <param name="note">Is told of what takes time.</param>
internal sealed class DecodedCache(string folder, Action<string> note)
{
    // EAGAIN on Linux and on macOS, and Windows' sharing violation: the file is there and somebody holds it.
    private static readonly int[] HeldByAnother = [11, 35, unchecked((int)0x80070020)];

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    /// <summary>Both parts of a set, decoded now or before. The caller disposes their pixels.</summary>
    /// <param name="name">What the files are called after; a plain name.</param>
    /// <param name="listing">What is read.</param>
    /// <param name="digest">That of the listing's content.</param>
    /// <param name="square">What the pictures become.</param>
    /// <exception cref="DataException">A picture cannot be used; nothing is kept.</exception>
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

        // The lock's file stays: were it removed, two processes could hold locks on two files of its name.
        using var claim = Claim($"{path}.lock", name);
        if (file.TryOpen(_ => { }) is { } made)
        {
            return made;
        }

        note($"decoding the {listing.Training.Length + listing.Test.Length} images of {name}, once");
        file.Write();
        return file.TryOpen(note)
            ?? throw new DataException($"{path} cannot be read back as it was written", "is the disk sound?");
    }

    // The system drops the lock with the process, however that ends.
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
