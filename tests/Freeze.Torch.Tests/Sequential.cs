// Tests count live tensors and set modes of the whole process: one after the other.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
