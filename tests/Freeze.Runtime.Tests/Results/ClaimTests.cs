using Freeze.Runtime.Results;
using Xunit;

namespace Freeze.Runtime.Tests.Results;

public sealed class ClaimTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AClaimIsHeldByOneAndGivenBack()
    {
        var first = Try(out _);
        Assert.NotNull(first);
        Assert.Null(Try(out var heldBy));
        Assert.Equal($"process {Environment.ProcessId} of {Environment.MachineName}", heldBy);

        first.Demand();
        first.Dispose();

        Assert.Empty(Directory.GetFiles(folder.Path));
        using var second = Try(out _);
        Assert.NotNull(second);
    }

    [Fact]
    public void AClaimOfAProcessThatHasEndedIsTakenOver()
    {
        // The number of a process that lives, with the start of another: it has been given anew.
        var me = Holder.Me();
        folder.Write("claim-1", System.Text.Encoding.UTF8.GetBytes((me with { Started = "1" }) + "\n"));

        using var claim = Try(out _);

        Assert.NotNull(claim);
        Assert.Equal(["claim-1", "claim-2"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void AClaimOfAnotherMachineHoldsForItsLease()
    {
        folder.Write("claim-1", System.Text.Encoding.UTF8.GetBytes($"node7 12 34 another/world 2026-01-01T00:00:00Z {new string('a', 32)}\n"));

        Assert.Null(Claim.Try(folder.Path, _ => false, out var heldBy));
        Assert.Equal("process 12 of node7", heldBy);
        using var claim = Claim.Try(folder.Path, _ => true, out _);
        Assert.NotNull(claim);
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2100)]
    public void TheHourOfAClaimSaysNothingSinceClocksJump(int year)
    {
        var path = folder.Write(
            "0123456789abcdef/claim-1",
            System.Text.Encoding.UTF8.GetBytes($"node7 12 34 another/world 2026-01-01T00:00:00Z {new string('a', 32)}\n"));
        File.SetLastWriteTimeUtc(path, new DateTime(year, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var store = new RunStore(folder.Path);

        Assert.Null(store.Claim("0123456789abcdef", out _));
        Assert.Null(store.Claim("0123456789abcdef", out var heldBy));
        Assert.Equal("process 12 of node7", heldBy);
    }

    [Theory]
    [InlineData("")]
    [InlineData("node7 12")]
    [InlineData("node7 x 1 w t aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void AClaimThatIsNotWholeHoldsForItsLeaseToo(string content)
    {
        folder.Write("claim-1", System.Text.Encoding.UTF8.GetBytes(content));

        Assert.Null(Claim.Try(folder.Path, _ => false, out _));
        using var claim = Claim.Try(folder.Path, _ => true, out _);
        Assert.NotNull(claim);
    }

    [Fact]
    public void WhoeverWasTakenForDeadWritesNoMore()
    {
        var first = Try(out _)!;
        var second = Claim.Try(folder.Path, isStale: _ => true, out _)!;

        Assert.Throws<LostClaimException>(first.Demand);
        second.Demand();
        first.Dispose();
        second.Demand();
        second.Dispose();
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void OfManyThatTryAtOnceOneHolds()
    {
        for (var round = 0; round < 1000; round++)
        {
            var claims = new Claim?[2];
            Parallel.For(0, claims.Length, i => claims[i] = Try(out _));

            Assert.Single(claims.OfType<Claim>());
            claims.OfType<Claim>().Single().Dispose();
            Assert.Empty(Directory.GetFiles(folder.Path));
        }
    }

    private Claim? Try(out string heldBy) => Claim.Try(folder.Path, _ => false, out heldBy);
}
