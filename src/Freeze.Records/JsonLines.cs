namespace Freeze.Records;

/// <summary>Files of one JSON record per line; a process may be appending to them, and may be killed at any byte.</summary>
public static class JsonLines
{
    /// <summary>The records of a file before the first incomplete line; none if there is no file.</summary>
    public static IEnumerable<T> Read<T>(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        foreach (var line in File.ReadLines(path))
        {
            T record;
            try
            {
                record = Json.ofText<T>(line);
            }
            catch (Json.JsonMismatch)
            {
                yield break;
            }

            yield return record;
        }
    }
}
