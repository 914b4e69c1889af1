// The operations of nets, as torch.nn.functional has them.
#include "api.h"
#include "dropout.h"

using namespace freeze;

FREEZE_API int freeze_conv2d(Handle input, Handle weight, Handle bias, const int64_t* stride, const int64_t* padding,
                             const int64_t* dilation, int64_t groups, Handle* result) {
    return making(result, [&] {
        return at::conv2d(get(input), get(weight), get_optional(bias), view(stride, 2), view(padding, 2),
                          view(dilation, 2), groups);
    });
}

FREEZE_API int freeze_linear(Handle input, Handle weight, Handle bias, Handle* result) {
    return making(result, [&] { return at::linear(get(input), get(weight), get_optional(bias)); });
}

// In training the running statistics are updated in place.
FREEZE_API int freeze_batch_norm(Handle input, Handle mean, Handle variance, Handle weight, Handle bias, int training,
                                 double momentum, double epsilon, Handle* result) {
    return making(result, [&] {
        return at::batch_norm(get(input), get_optional(weight), get_optional(bias), get_optional(mean),
                              get_optional(variance), training != 0, momentum, epsilon, false);
    });
}

FREEZE_API int freeze_relu(Handle input, Handle* result) {
    return making(result, [&] { return at::relu(get(input)); });
}

FREEZE_API int freeze_max_pool2d(Handle input, int64_t size, int64_t stride, int64_t padding, int64_t dilation,
                                 int ceil, Handle* result) {
    return making(result, [&] {
        return at::max_pool2d(get(input), {size, size}, {stride, stride}, {padding, padding}, {dilation, dilation},
                              ceil != 0);
    });
}

FREEZE_API int freeze_avg_pool2d(Handle input, int64_t size, int64_t stride, int64_t padding, int ceil,
                                 int count_padding, Handle* result) {
    return making(result, [&] {
        return at::avg_pool2d(get(input), {size, size}, {stride, stride}, {padding, padding}, ceil != 0,
                              count_padding != 0);
    });
}

FREEZE_API int freeze_dropout(Handle input, double share, int training, Handle* result) {
    return making(result, [&] { return freeze::dropout(get(input), share, training != 0); });
}

// Mean over the batch, in nats.
FREEZE_API int freeze_cross_entropy(Handle logits, Handle labels, double smoothing, Handle* result) {
    return making(result, [&] {
        return at::cross_entropy_loss(get(logits), get(labels), {}, at::Reduction::Mean, -100, smoothing);
    });
}
