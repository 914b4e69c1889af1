using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Numbers live until libtorch has read them.</summary>
[Collection(Alone.Name)]
public sealed partial class ArithmeticTests
{
    [Fact]
    public void NumbersOutliveTheGarbageCollector()
    {
        using var source = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!source.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            using var one = ones([4]);
            for (var i = 0; i < 20_000; i++)
            {
                using var step = NewDisposeScope();
                var sum = one.Plus(one).PlusInPlace(one, 2).Times(3).Over(4).PlusInPlace(0.5).PlusProductInPlace(one, one, 2);
                Assert.Equal(5.5f, sum.data<float>()[3]);
            }
        }
        finally
        {
            source.Cancel();
            collector.Join();
        }
    }

    [Fact]
    public void NoSourcePassesTorchSharpANumberUnheld()
    {
        var root = Path.Combine(Path.GetDirectoryName(Here())!, "..", "..");
        string[] folders = ["src", "tests"];
        var found = folders
            .SelectMany(sources => Directory.GetFiles(Path.Combine(root, sources), "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.EndsWith("Arithmetic.cs", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(path => Unheld().Matches(File.ReadAllText(path)).Select(match => $"{Path.GetFileName(path)}: {match.Value}"));

        Assert.Empty(found);
    }

    private static string Here([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"\.(add|add_|addcmul_|addcdiv_|mul_|div_|sub_)\(.*")]
    private static partial Regex Unheld();
}
