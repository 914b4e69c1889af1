using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Stagewise;

/// <summary>
/// What a stage learns from. The first sees the images. For the others what the fixed stages make of each image is computed
/// once and kept in a file, as long as each epoch sees the same images and there is room; else each batch computes it.
/// </summary>
internal sealed class StageFeatures : IDisposable
{
    /// <summary>The name of the file in the folder of a stage.</summary>
    public const string FileName = "features";

    // What the disk keeps for others.
    private const long Reserve = 1L << 30;

    private readonly ImageSet images;
    private readonly ImageSet? features;
    private readonly FixedStages? each;
    private readonly Recipe upTo;

    /// <param name="session">The images, and how many bytes there may be.</param>
    /// <param name="recipe">That of the whole net.</param>
    /// <param name="before">The stages that are fixed.</param>
    /// <param name="folder">Where the file lies; this process has claimed it.</param>
    public StageFeatures(TrainingSession session, Recipe recipe, IReadOnlyList<StageOutcome> before, string folder)
    {
        images = session.Images;
        upTo = recipe;
        if (before.Count == 0)
        {
            return;
        }

        each = new FixedStages(recipe, before, session.Options.Passes);
        var batches = new Batches(images, recipe);
        var type = Precisions.OfWeights(recipe);
        var size = each.Shape.Aggregate(1, (product, extent) => product * extent) * (type == ScalarType.Float64 ? 8 : 4);
        var used = batches.Training.Length + batches.HeldOut.Length;
        var file = new FeatureFile(
            Path.Combine(folder, FileName),
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', before.Select(stage => stage.Record.Weights)))),
            size,
            used,
            recipe.Validation.IsTest ? images.Test.Count : 0);
        if (recipe.Augmentations.Length > 0)
        {
            session.Note("images vary from epoch to epoch: each batch computes the features of the stages before");
            return;
        }

        if (file.Length > session.Options.FeatureBytes || file.Length > Room(folder) - Reserve)
        {
            session.Note($"no room for {file.Length / 1e9:F1} GB of features: each batch computes those of the stages before");
            return;
        }

        var found = file.TryOpen(session.Note);
        if (found is null)
        {
            session.Note($"computing {used} images' features of the stages before, once");
            Write(file, batches, used, recipe.Validation.IsTest, session.Cancel);
            found = file.TryOpen(session.Note)
                ?? throw new IOException($"{Path.Combine(folder, FileName)} cannot be read back as it was written");
        }

        Seconds = found.Value.Seconds;
        features = ImageSet.OfFeatures(
            FeatureSets.Described(images.Set, each.Shape),
            new ImagePart(found.Value.Training, images.Training.Labels[..used]),
            new ImagePart(found.Value.Test, recipe.Validation.IsTest ? images.Test.Labels : []));
    }

    /// <summary>How long it took to compute the features that are kept.</summary>
    public double Seconds { get; }

    /// <summary>Whether the features are in a file.</summary>
    public bool AreKept => features is not null;

    /// <summary>The batches of a stage's training.</summary>
    public Batches Batches(Recipe training) => features is not null
        ? new Batches(features, training)
        : each is not null ? new Batches(images, upTo, each) : new Batches(images, training);

    /// <summary>Gives the mapped memory back.</summary>
    public void Dispose() => features?.Dispose();

    private static long Room(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    private void Write(FeatureFile file, Batches batches, int used, bool withTest, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        file.Write(
            put =>
            {
                Compute(batches, images.Training, used, put, cancel);
                Compute(batches, images.Test, withTest ? images.Test.Count : 0, put, cancel);
            },
            () => clock.Elapsed.TotalSeconds);
    }

    private void Compute(
        Batches batches, ImagePart part, int count, Action<ReadOnlySpan<byte>> put, CancellationToken cancel)
    {
        var block = upTo.Batch;
        var places = Enumerable.Range(0, count).Select(i => (long)i).ToArray();
        using var ahead = new Prefetcher<PreparedBatch>(
            (count + block - 1) / block,
            step => batches.Prepare(part, places.AsSpan(step * block, Math.Min(block, count - (step * block)))),
            cancel);
        for (var start = 0; start < count; start += block)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            put(each!.Of(batches.Take(ahead.Next()).Images).cpu().contiguous().bytes);
        }
    }
}
