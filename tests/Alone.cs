using Xunit;

namespace Freeze;

/// <summary>
/// Tests of what the whole process has, such as its memory, its live tensors and libtorch's threads: no others run beside them.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    /// <summary>Of the collection.</summary>
    public const string Name = "alone";
}
