// Making tensors, asking for their properties, and views of them.
#include "api.h"

#include <cstring>

using namespace freeze;

namespace {

at::TensorOptions options(int type) { return at::TensorOptions().dtype(static_cast<at::ScalarType>(type)); }

at::TensorOptions options(int type, int device, int index) { return options(type).device(place(device, index)); }

}  // namespace

FREEZE_API int freeze_full(const int64_t* sizes, int64_t count, double value, int type, int device, int index,
                           Handle* result) {
    return making(result, [&] { return at::full(view(sizes, count), value, options(type, device, index)); });
}

// A copy of `bytes` bytes of memory as a tensor of the given sizes, in main memory.
FREEZE_API int freeze_from_memory(const void* memory, int64_t bytes, const int64_t* sizes, int64_t count, int type,
                                  Handle* result) {
    return making(result, [&] {
        auto tensor = at::empty(view(sizes, count), options(type));
        if (static_cast<int64_t>(tensor.nbytes()) != bytes)
            throw std::invalid_argument("an array of " + std::to_string(bytes) + " bytes does not fill a tensor of " +
                                        std::to_string(tensor.nbytes()));
        if (bytes > 0) std::memcpy(tensor.data_ptr(), memory, static_cast<std::size_t>(bytes));
        return tensor;
    });
}

FREEZE_API int freeze_dim(Handle tensor, int64_t* result) {
    return guarded([&] { *result = get(tensor).dim(); });
}

FREEZE_API int freeze_sizes(Handle tensor, int64_t* result, int64_t count) {
    return guarded([&] {
        auto sizes = get(tensor).sizes();
        if (static_cast<int64_t>(sizes.size()) != count) throw std::invalid_argument("another number of dimensions");
        std::copy(sizes.begin(), sizes.end(), result);
    });
}

FREEZE_API int freeze_dtype(Handle tensor, int* result) {
    return guarded([&] { *result = static_cast<int>(get(tensor).scalar_type()); });
}

// Where the values of a contiguous tensor in main memory lie, and how many bytes they take.
FREEZE_API int freeze_memory(Handle tensor, void** address, int64_t* bytes) {
    return guarded([&] {
        auto t = get(tensor);
        if (!t.is_contiguous() || !t.device().is_cpu())
            throw std::invalid_argument("only a contiguous tensor in main memory shows its bytes");
        *address = t.data_ptr();
        *bytes = static_cast<int64_t>(t.nbytes());
    });
}

FREEZE_API int freeze_item(Handle tensor, double* real, int64_t* whole) {
    return guarded([&] {
        auto t = get(tensor);
        auto value = t.item();
        *real = value.isBoolean() ? value.toBool() : value.toDouble();
        *whole = value.isFloatingPoint() ? 0 : value.to<int64_t>();
    });
}

FREEZE_API int freeze_clone(Handle tensor, Handle* result) {
    return making(result, [&] { return get(tensor).clone(); });
}

FREEZE_API int freeze_permute(Handle tensor, const int64_t* order, int64_t count, Handle* result) {
    return making(result, [&] { return get(tensor).permute(view(order, count)); });
}

FREEZE_API int freeze_contiguous(Handle tensor, Handle* result) {
    return making(result, [&] { return get(tensor).contiguous(); });
}

FREEZE_API int freeze_to_type(Handle tensor, int type, Handle* result) {
    return making(result, [&] { return get(tensor).to(static_cast<at::ScalarType>(type)); });
}

FREEZE_API int freeze_reshape(Handle tensor, const int64_t* sizes, int64_t count, Handle* result) {
    return making(result, [&] { return get(tensor).reshape(view(sizes, count)); });
}

FREEZE_API int freeze_flatten(Handle tensor, int64_t start, int64_t end, Handle* result) {
    return making(result, [&] { return get(tensor).flatten(start, end); });
}

FREEZE_API int freeze_narrow(Handle tensor, int64_t dimension, int64_t start, int64_t length, Handle* result) {
    return making(result, [&] { return get(tensor).narrow(dimension, start, length); });
}

FREEZE_API int freeze_index_select(Handle tensor, int64_t dimension, Handle index, Handle* result) {
    return making(result, [&] { return get(tensor).index_select(dimension, get(index)); });
}

FREEZE_API int freeze_index_copy(Handle tensor, int64_t dimension, Handle index, Handle source, Handle* result) {
    return making(result, [&] { return get(tensor).index_copy(dimension, get(index), get(source)); });
}

FREEZE_API int freeze_cat(const Handle* tensors, int64_t count, int64_t dimension, Handle* result) {
    return making(result, [&] {
        std::vector<at::Tensor> parts;
        for (int64_t i = 0; i < count; ++i) parts.push_back(get(tensors[i]));
        return at::cat(parts, dimension);
    });
}

FREEZE_API int freeze_flip(Handle tensor, const int64_t* dimensions, int64_t count, Handle* result) {
    return making(result, [&] { return get(tensor).flip(view(dimensions, count)); });
}

FREEZE_API int freeze_eye(int64_t rows, int64_t columns, int type, int device, int index, Handle* result) {
    return making(result, [&] { return at::eye(rows, columns, options(type, device, index)); });
}
