using Xunit;
namespace Freeze.Runtime.Tests;
public sealed class T { [Fact] public void One() => Assert.Equal(1, 1); }
