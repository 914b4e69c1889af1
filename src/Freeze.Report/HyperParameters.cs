using Google.Protobuf;
using static Freeze.Report.ProtocolBuffer;

namespace Freeze.Report;

/// <summary>
/// A run's row in TensorBoard's table of hyperparameters (tensorboard/plugins/hparams/plugin_data.proto): the values of its axes,
/// its net, data, batch, epochs and seed.
/// </summary>
internal static class HyperParameters
{
    private const long Success = 1;
    private const long FloatType = 1;

    /// <summary>A summary value that describes a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="time">The time of its start, in seconds since 1970.</param>
    public static ByteString Start(RunRecords run, double time)
    {
        var recipe = run.Run.Recipe;
        (string Name, AxisValue Value)[] values =
        [
            .. run.Run.Columns.Select(axis => (axis.Name, axis.Value)),
            ("net", AxisValue.NewWord(run.Run.NetName)), ("data", AxisValue.NewWord(DataSourceModule.name(recipe.Data))),
            ("batch", AxisValue.NewNumber(recipe.Batch)), ("epochs", AxisValue.NewNumber(recipe.Epochs)),
            ("seed", AxisValue.NewNumber(recipe.Seed)),
        ];
        var fields = values.DistinctBy(value => value.Name).Select(value => (1, (object)Message((1, value.Name), (2, Value(value.Value)))));
        return Summary("_hparams_/session_start_info", (3, Message([.. fields, (5, time)])));
    }

    /// <summary>A summary value that marks the successful end of a run.</summary>
    /// <param name="time">The time of the end, in seconds since 1970.</param>
    public static ByteString End(double time) => Summary("_hparams_/session_end_info", (4, Message((1, Success), (2, time))));

    // google.protobuf.Value.
    private static ByteString Value(AxisValue value) => value switch
    {
        AxisValue.Number number => Message((2, number.Value)),
        AxisValue.Word or AxisValue.Amount or AxisValue.Stand => Message((3, AxisValueModule.text(value))),
        _ => throw new System.Diagnostics.UnreachableException($"no field for plan case {value}"),
    };

    // The plugin reads only the metadata, but a summary needs a tensor too: a single zero.
    private static ByteString Summary(string tag, (int Field, object Value) data) => Message(
        (1, tag),
        (9, Message((1, Message((1, "hparams"), (2, Message(data)))))),
        (8, Message((1, FloatType), (2, Message((2, Message((1, 1L))))), (5, 0f))));
}
