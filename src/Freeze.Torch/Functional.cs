using static TorchSharp.NativeMethods;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>What nets are made of.</summary>
    public static class nn
    {
        /// <summary>The operations of nets as functions. Images are [batch, channels, height, width].</summary>
        public static class functional
        {
            /// <summary>Cross-correlation with kernels [filters, channels / groups, height, width] and a bias [filters].</summary>
            public static Tensor conv2d(
                Tensor input,
                Tensor weight,
                Tensor? bias = null,
                long[]? strides = null,
                long[]? padding = null,
                long[]? dilation = null,
                long groups = 1) =>
                Made(
                    freeze_conv2d(
                        input.Handle,
                        weight.Handle,
                        bias is null ? 0 : bias.Handle,
                        strides ?? [1, 1],
                        padding ?? [0, 0],
                        dilation ?? [1, 1],
                        groups,
                        out var result),
                    result);

            /// <summary>input [batch, inputs] times weights [units, inputs] transposed, plus bias [units].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) =>
                Made(freeze_linear(input.Handle, weights.Handle, bias is null ? 0 : bias.Handle, out var result), result);

            /// <summary>
            /// Normalises each channel: by the batch's statistics in training, which also move the running ones in
            /// place, else by the running ones.
            /// </summary>
            public static Tensor batch_norm(
                Tensor input,
                Tensor running_mean,
                Tensor running_var,
                Tensor? weight = null,
                Tensor? bias = null,
                bool training = false,
                double momentum = 0.1,
                double eps = 1e-5) =>
                Made(
                    freeze_batch_norm(
                        input.Handle,
                        running_mean.Handle,
                        running_var.Handle,
                        weight is null ? 0 : weight.Handle,
                        bias is null ? 0 : bias.Handle,
                        training ? 1 : 0,
                        momentum,
                        eps,
                        out var result),
                    result);

            /// <summary>max(x, 0).</summary>
            public static Tensor relu(Tensor x) => Made(freeze_relu(x.Handle, out var result), result);

            /// <summary>The greatest of each window; stride is the size unless given.</summary>
            public static Tensor max_pool2d(
                Tensor input,
                long kernel_size,
                long? stride = null,
                long? padding = null,
                long? dilation = null,
                bool ceil_mode = false) =>
                Made(
                    freeze_max_pool2d(
                        input.Handle,
                        kernel_size,
                        stride ?? kernel_size,
                        padding ?? 0,
                        dilation ?? 1,
                        ceil_mode ? 1 : 0,
                        out var result),
                    result);

            /// <summary>The mean of each window; stride is the size unless given.</summary>
            public static Tensor avg_pool2d(
                Tensor input,
                long kernel_size,
                long? stride = null,
                long padding = 0,
                bool ceil_mode = false,
                bool count_include_pad = true) =>
                Made(
                    freeze_avg_pool2d(
                        input.Handle,
                        kernel_size,
                        stride ?? kernel_size,
                        padding,
                        ceil_mode ? 1 : 0,
                        count_include_pad ? 1 : 0,
                        out var result),
                    result);

            /// <summary>In training, zeroes a share <paramref name="p"/> of the values and scales the others up.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true) =>
                Made(freeze_dropout(input.Handle, p, training ? 1 : 0, out var result), result);

            /// <summary>
            /// Mean cross-entropy in nats of logits [batch, classes] and labels [batch]; <paramref name="label_smoothing"/>
            /// is the share of the target that is spread over all classes.
            /// </summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, double label_smoothing = 0) =>
                Made(freeze_cross_entropy(input.Handle, target.Handle, label_smoothing, out var result), result);
        }
    }
}
