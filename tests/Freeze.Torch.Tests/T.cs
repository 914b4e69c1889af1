using Xunit;
namespace Freeze.Torch.Tests;
public sealed class T { [Fact] public void One() => Assert.Equal(1, 1); }
