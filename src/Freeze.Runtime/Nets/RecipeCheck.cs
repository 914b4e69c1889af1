using Freeze.Runtime.Training;

namespace Freeze.Runtime.Nets;

/// <summary>
/// Checks that a recipe is consistent. Freeze's own plans are; a plan file may have been edited, and a mistake in it should get a
/// better message than libtorch's.
/// </summary>
internal static class RecipeCheck
{
    /// <summary>Demands that the net fits the data, the weights the net, and that every index exists.</summary>
    /// <exception cref="RunException">The recipe is inconsistent.</exception>
    public static void Demand(Recipe recipe, DataSet set)
    {
        Computing.Demand(recipe);
        CheckResize(recipe.Resize, set);
        set = ResizeModule.described(recipe.Resize, set);
        CheckNet(recipe.Net.Nodes, set, recipe);
        CheckWeights(recipe);
        Check(recipe.Batch > 0, $"a batch of {recipe.Batch} images");
        Check(recipe.Epochs > 0, $"{recipe.Epochs} epochs");
        var used = recipe.Images is Images.First first ? first.Count : set.TrainingImages;
        Check(used > 0 && used <= set.TrainingImages, $"{used} images of the {set.TrainingImages} of {set.Name}");
        Check(
            recipe.TestImages is not Images.First { Count: var tests } || (tests > 0 && tests <= set.TestImages),
            $"{recipe.TestImages} test images of the {set.TestImages} of {set.Name}");
        var trained = used - (recipe.Validation is Validation.HeldOut kept ? kept.Images : 0);
        Check(!recipe.DropLast || trained >= recipe.Batch, $"no whole batch of {recipe.Batch} in {trained} images");
        CheckNormalisation(recipe.Normalisation, set);
        Check(
            !recipe.Augmentations.Any(augmentation => augmentation is Augmentation.Copies { Count: < 1 }), "no copies of an image");
        Check(
            AugmentationModule.copies(recipe.Augmentations) == 0 || !recipe.Augmentations.Any(augmentation => augmentation.IsMixup),
            "copies of images that are mixed anew in each epoch");
        Check(
            recipe.Clipping is not (Clipping.Norm { Greatest: not > 0 } or Clipping.Value { Greatest: not > 0 }),
            "a gradient bound that is not above 0");
        Check(recipe.Schedule is not Schedule.Plateau { Epochs: < 1 }, "a schedule by a plateau of no epochs");
        foreach (var stop in recipe.Stops)
        {
            Check(stop is not (Stop.Plateau { Epochs: < 1 } or Stop.After { Epochs: < 1 }), "a stop after no epochs");
        }

        Check(
            recipe.Keep.IsLast || recipe.Learning.IsTogether,
            "best weights to keep for an ensemble or a net that trains in stages");
        if (recipe.Validation is Validation.HeldOut held)
        {
            Check(held.Images > 0 && held.Images < used, $"{held.Images} images held out of {used}");
        }

        if (recipe.Learning is Learning.Ensemble nets)
        {
            Check(nets.Members > 0 && nets.After > 0, $"an ensemble of {nets.Members} after {nets.After} epochs");
        }
    }

    // A set described as a net reads it has the extents of the cut, which always fits.
    private static void CheckResize(Resize resize, DataSet set)
    {
        if (resize is Resize.To to)
        {
            var isSide = to.Shorter is > 0 && to.Shorter <= ImageFolders.largestSize;
            Check(isSide && set.Image.Length == 3, $"images of {set.Name} scaled to {to.Shorter}");
            var (tall, wide) = ResizeModule.scaled(to.Shorter, set.Image);
            Check(to.Height is > 0 && to.Width is > 0, "a cut of no pixels");
            Check(
                set.Image.AsSpan(1).SequenceEqual([to.Height, to.Width]) || (to.Height <= tall && to.Width <= wide),
                $"a cut of {to.Height}x{to.Width} from images of {tall}x{wide}");
        }
    }

    private static void CheckNormalisation(Normalisation normalisation, DataSet set)
    {
        if (normalisation is Normalisation.By by)
        {
            Check(
                by.Mean.Length == set.Image[0] && by.Deviation.Length == set.Image[0],
                $"a normalisation for other than the {set.Image[0]} channels of {set.Name}");
            Check(by.Mean.All(double.IsFinite) && by.Deviation.All(deviation => deviation > 0), "a deviation that is not above 0");
        }
    }

    private static void CheckNet(Node[] nodes, DataSet set, Recipe recipe)
    {
        Check(nodes.Length > 0 && nodes[0].Operation.IsInput, "a net whose first node is not its input");
        Check(nodes[0].Shape.SequenceEqual(set.Image), $"a net whose input is not an image of {set.Name}");
        Check(recipe.Classes >= set.Classes, $"{recipe.Classes} outputs for the {set.Classes} classes of {set.Name}");
        if (recipe.Loss.IsReconstruction)
        {
            Check(Objective.Block(nodes[^1].Shape, set.Image) > 0, $"a net whose output is not an image of {set.Name}");
        }
        else
        {
            Check(nodes[^1].Shape.SequenceEqual([recipe.Classes]), $"a net whose output is not {recipe.Classes} logits");
        }

        for (var i = 1; i < nodes.Length; i++)
        {
            var node = nodes[i];
            Check(!node.Operation.IsInput, $"a second input, {node.Name}");
            Check(node.Inputs.Length > 0, $"{node.Name} without an input");
            Check(node.Inputs.All(input => input >= 0 && input < i), $"{node.Name} with an input that is not before it");
            Check(
                node.Operation is not (Operation.Conv { Groups: < 1 } or Operation.GroupNorm { Groups: < 1 }),
                $"{node.Name} in no groups");
            Check(node.Shape.Length is 1 or 3 && node.Shape.All(extent => extent > 0), $"{node.Name} without a shape");
        }
    }

    private static void CheckWeights(Recipe recipe)
    {
        var weights = NetModule.weights(recipe.Net);
        Check(weights.DistinctBy(weight => weight.Name).Count() == weights.Length, "two layers of one name");
        Check(
            weights.SequenceEqual(recipe.Weights.Select(plan => plan.Weight)),
            "weights that are not the net's, each once and in its order");
        foreach (var plan in recipe.Weights)
        {
            switch (plan.Treatment)
            {
                case Treatment.Slice slice:
                    CheckExtent(plan.Weight, slice.Dimension, slice.Indices.Length);
                    CheckIndices(plan.Weight, slice);
                    break;
                case Treatment.Largest largest:
                    CheckExtent(plan.Weight, largest.Dimension, largest.Count);
                    break;
                case Treatment.Solved:
                    Check(plan.Weight.Kind.IsLinear, $"{plan.Weight.Name} to solve for, which is not a linear layer's");
                    break;
            }
        }
    }

    private static void CheckExtent(Weight weight, int dimension, int count)
    {
        Check(
            dimension >= 0 && dimension < weight.Shape.Length,
            $"a slice of {weight.Name} along dimension {dimension}");
        Check(
            count >= 0 && count <= weight.Shape[dimension],
            $"a slice of {weight.Name} beyond its {weight.Shape[dimension]}");
    }

    private static void CheckIndices(Weight weight, Treatment.Slice slice)
    {
        var extent = weight.Shape[slice.Dimension];
        Check(slice.Indices.All(index => index >= 0 && index < extent), $"a slice of {weight.Name} beyond its {extent}");
        // Ascending without repeats: each scalar appears once, so the counts are right.
        Check(
            slice.Indices.Zip(slice.Indices.Skip(1)).All(pair => pair.First < pair.Second),
            $"a slice of {weight.Name} whose indices do not ascend");
    }

    private static void Check(bool holds, string oddity)
    {
        if (!holds)
        {
            throw new RunException($"the plan has {oddity}", "plan the .frz file again with this Freeze");
        }
    }
}
