using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Ensembles;

/// <summary>
/// Trains a base net, which is a run of its own, then the members from there, one after another. Weights that no member trains
/// are one tensor in memory, and on disk they are in the base's file; each member's folder has a file of its trained weights.
/// </summary>
/// <param name="session">Shared by all trainings.</param>
/// <param name="run">The ensemble.</param>
/// <param name="trainBase">Trains the base net unless the store has it; returns the path of its weights.</param>
internal sealed class Ensemble(TrainingSession session, Run run, Func<Run, TrainingSession, string> trainBase)
{
    private const int Batch = 500;

    private readonly Learning.Ensemble plan = (Learning.Ensemble)run.Recipe.Learning;

    /// <summary>Trains all members; writes their weights and the run's records into its folder.</summary>
    public RunResult Train(string place, string hash, RunFolder folder)
    {
        RecipeCheck.Demand(run.Recipe, session.Images.Set);
        var start = new Run(
            $"{run.Name}, start", run.Profile, [], Place.Alone, run.NetName, [], Freeze.Ensembles.start(run.Recipe, plan.After));
        var file = Path.GetFullPath(trainBase(start, session));
        var digest = Safetensors.Digest(file);
        var recipe = Freeze.Ensembles.training(run.Recipe, plan.Weights, plan.FrozenStatistics, file, digest);
        var common = WholeWeights.Read(file).ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor());
        var files = new RunFiles(place);
        for (var member = 1; member <= plan.Members; member++)
        {
            var own = files.Member(member);
            // A member's result names its base: another base makes another member.
            Trainings.GetOrTrain<string>(
                own, from => from == digest, () => TrainMember(member, recipe, common, own.Folder, digest, folder));
        }

        return Judge(recipe, common, files, hash, folder, Address.ofRecipe(start.Recipe));
    }

    private string TrainMember(
        int member, Recipe recipe, IReadOnlyDictionary<string, Tensor> common, string own, string digest, RunFolder whole)
    {
        session.Cancel.ThrowIfCancellationRequested();
        session.Note($"member {member} of {plan.Members}");
        using var folder = whole.Within(own, $"member {member} from {digest}");
        var batches = new Batches(session.Images, recipe, whose: $" of member {member}");
        var trainer = new Trainer(recipe, batches, new WeightTable(recipe, common), session.Options.Passes);
        session.Train(trainer, folder);
        using var still = no_grad();
        folder.Finish(MemberFile.Content(trainer.Weights), digest);
        return digest;
    }

    private RunResult Judge(
        Recipe recipe,
        IReadOnlyDictionary<string, Tensor> common,
        RunFiles files,
        string hash,
        RunFolder folder,
        string start)
    {
        var batches = new Batches(session.Images, recipe);
        var votes = new Votes(batches.TestLabels, recipe.Classes);
        var members = new List<MemberRecord>();
        var times = new List<EpochTime>();
        var verified = 0L;
        for (var member = 1; member <= plan.Members; member++)
        {
            using var scope = NewDisposeScope();
            var own = files.Member(member);
            var weights = new WeightTable(recipe, common);
            MemberFile.Restore(own.WeightsPath, weights);
            verified += StillnessCheck.Verify(weights, recipe.Seed);
            var (loss, accuracy) = votes.Add(Logits(recipe, weights, batches, session.Options.Passes, session.Cancel));
            members.Add(new MemberRecord([.. JsonLines.Read<EpochRecord>(own.EpochsPath)], loss, accuracy));
            times.AddRange(JsonLines.Read<EpochTime>(own.TimesPath));
        }

        var counts = CountsModule.ofWeights(plan.Weights);
        var epochs = Means(members);
        var together = votes.Together();
        var result = new RunResult(
            hash,
            run.Name,
            epochs,
            together.Loss,
            together.Accuracy,
            epochs.Max(epoch => epoch.ValidationAccuracy),
            BestRecord.NotKept,
            LearningRecord.NewEnsemble(new EnsembleRecord(
                start,
                [.. members],
                members.Average(member => member.TestAccuracy),
                together.Accuracy,
                votes.Disagreement(),
                Freeze.Ensembles.learnedParameters(plan.Members, counts),
                Freeze.Ensembles.distinctParameters(plan.Members, counts))),
            counts,
            verified,
            session.Options.Threads,
            session.Versions);
        folder.Take(epochs, EpochTimeModule.numbered(times));
        folder.Take(ConfusionModule.ofAnswers(run.Recipe.Classes, batches.TestLabels, votes.Answers().Answers));
        folder.Finish(result);
        return result;
    }

    /// <summary>A member's logits [images, classes] for the run's test images, in their order.</summary>
    public static double[] Logits(Recipe recipe, WeightTable weights, Batches batches, PassSet passes, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var net = new NetExecutor(recipe, weights, passes);
        var norms = net.Fold();
        return
        [
            .. batches.InBlocks(batches.Images.Test, batches.Test, Batch, cancel).SelectMany(batch =>
                net.Forward(batch.Images, norms).to(ScalarType.Float64).cpu().data<double>().ToArray()),
        ];
    }

    // Only epochs that all members reached: a stop may end one before the others.
    private static EpochRecord[] Means(List<MemberRecord> members) =>
    [
        .. Enumerable.Range(0, members.Min(member => member.Epochs.Length)).Select(i => new EpochRecord(
            i + 1,
            members.Average(member => member.Epochs[i].TrainingLoss),
            members.Average(member => member.Epochs[i].TrainingAccuracy),
            members.Average(member => member.Epochs[i].ValidationLoss),
            members.Average(member => member.Epochs[i].ValidationAccuracy))),
    ];
}
