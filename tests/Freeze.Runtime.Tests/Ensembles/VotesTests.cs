using Freeze.Runtime.Ensembles;
using Xunit;

namespace Freeze.Runtime.Tests.Ensembles;

public sealed class VotesTests
{
    [Fact]
    public void TheMeanOfSoftmaxDecidesAndNotTheMajority()
    {
        var votes = new Votes([0], 2);
        var sure = Math.Log(99);

        // 99%, 40% and 40% for class 0: its mean is 59.7%, though two of three say class 1.
        Assert.Equal(1, votes.Add([sure, 0]).Accuracy);
        Assert.Equal(0, votes.Add([Math.Log(0.4), Math.Log(0.6)]).Accuracy);
        var third = votes.Add([Math.Log(0.4) + 1000, Math.Log(0.6) + 1000]);

        Assert.Equal(-Math.Log(0.4), third.Loss, 9);
        Assert.Equal(1, votes.Together().Accuracy);
        Assert.Equal(-Math.Log((0.99 + 0.4 + 0.4) / 3), votes.Together().Loss, 9);
        Assert.Equal(2.0 / 3, votes.Disagreement(), 12);
    }

    [Fact]
    public void MembersThatAgreeDoNotDisagree()
    {
        var votes = new Votes([0, 1, 1], 2);
        votes.Add([1, 0, 1, 0, 0, 1]);
        Assert.Equal(0, votes.Disagreement());

        votes.Add([2, 0, 2, 0, 0, 2]);

        Assert.Equal(0, votes.Disagreement());
        Assert.Equal(2.0 / 3, votes.Together().Accuracy, 12);
    }
}
