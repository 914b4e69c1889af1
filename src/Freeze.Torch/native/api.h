// What every part of the binding shares: handles to tensors, and exceptions turned into a status.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

#define FREEZE_API extern "C" __attribute__((visibility("default")))

namespace freeze {

// A tensor as the other side holds it: a place in a table and the generation of its tenant, so that a freed,
// foreign or invented handle is refused and never followed.
using Handle = std::int64_t;

// The tensor of a handle, or an exception. A copy of the reference: another thread may free the handle meanwhile.
at::Tensor get(Handle handle);

// libtorch's optional: a class of its own in 1.x, that of the standard library in later 2.x. Taken from what a function of
// either gives, since the name that both once had is going away.
template <class>
struct OptionalOf;
template <template <class> class Kind, class Value>
struct OptionalOf<Kind<Value>> {
    template <class T>
    using Type = Kind<T>;
};
template <class T>
using Optional = typename OptionalOf<std::decay_t<decltype(std::declval<at::TensorOptions>().device_opt())>>::template Type<T>;

// As get, but 0 stands for no tensor.
Optional<at::Tensor> get_optional(Handle handle);

// A new handle for a tensor.
Handle put(at::Tensor tensor);

// Forgets a handle; false where it was not live.
bool release(Handle handle);

std::int64_t live_count();

enum Status : int { fine = 0, failed = 1, out_of_memory = 2 };

// Keeps a message for freeze_last_error and tells its status.
int fail(const std::string& message);

// Runs a body; whatever it throws becomes a status, since no exception may cross into .NET.
template <class Body>
int guarded(Body&& body) noexcept {
    try {
        body();
        return fine;
    } catch (const c10::Error& error) {
        return fail(error.what_without_backtrace());
    } catch (const std::bad_alloc&) {
        return fail("out of memory");
    } catch (const std::exception& error) {
        return fail(error.what());
    } catch (...) {
        return fail("an exception of unknown type");
    }
}

// Runs a body that makes a tensor.
template <class Body>
int making(Handle* result, Body&& body) noexcept {
    return guarded([&] { *result = put(body()); });
}

// A device as the other side names it: libtorch's number of its type, and -1 for the current one of them.
inline at::Device place(int type, int index) {
    return {static_cast<at::DeviceType>(type), static_cast<at::DeviceIndex>(index)};
}

inline at::IntArrayRef view(const std::int64_t* values, std::int64_t count) {
    return {values, static_cast<std::size_t>(count)};
}

}  // namespace freeze
