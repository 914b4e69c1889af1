namespace Freeze.Records;

/// <summary>Files of one JSON record a line, to which a process may be appending that may be killed at any byte.</summary>
public static class JsonLines
{
    /// <summary>The records of a file up to the first line that is torn; none where there is no file.</summary>
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
