using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Freeze.Torch.Tests.Published;

/// <summary>What the build takes for <c>-p:Torch=…</c>, read from the projects as the SDK evaluates them.</summary>
public sealed class BuildTests
{
    [Theory]
    [InlineData("", "TorchSharp-cpu")]
    [InlineData("-p:TorchDevice=cuda", "TorchSharp-cuda-linux")]
    public void OnTorchSharpThePackagesComputeAndNotTheBinding(string device, string library)
    {
        Assert.Equal(
            ["TorchSharp 0.107.0", $"{library} 0.107.0"],
            Items("Freeze.TorchSharp", "PackageReference", "-p:Torch=TorchSharp", device)
                .Select(item => $"{item.Identity} {item.Version}")
                .Where(item => item.StartsWith("TorchSharp", StringComparison.Ordinal)));
        Assert.DoesNotContain("Freeze.Torch", Projects("Freeze.Runtime", "-p:Torch=TorchSharp"));
        Assert.Contains("Freeze.TorchSharp", Projects("Freeze.Runtime", "-p:Torch=TorchSharp"));
    }

    [Fact]
    public void TheUsualBuildKnowsNoPackageOfTorchSharp()
    {
        Assert.Contains("Freeze.Torch", Projects("Freeze.Runtime"));
        Assert.DoesNotContain("Freeze.TorchSharp", Projects("Freeze.Runtime"));
        Assert.DoesNotContain(
            Items("Freeze.TorchSharp", "PackageReference"),
            item => item.Identity.StartsWith("TorchSharp", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Projects(string project, params string[] options) =>
        Items(project, "ProjectReference", options).Select(item => Path.GetFileNameWithoutExtension(item.Identity));

    private static IReadOnlyList<(string Identity, string Version)> Items(string project, string kind, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, WorkingDirectory = PublishedTable.Root };
        foreach (var argument in (string[])["msbuild", $"src/{project}/{project}.csproj", $"-getItem:{kind}", .. options.Where(option => option.Length > 0)])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var answer = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        return
        [
            .. answer.RootElement.GetProperty("Items").GetProperty(kind).EnumerateArray().Select(item => (
                item.GetProperty("Identity").GetString()!,
                item.TryGetProperty("Version", out var version) ? version.GetString()! : "")),
        ];
    }
}
