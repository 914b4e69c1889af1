// The table of live tensors, and the last error of each thread.
#include "api.h"

#include <mutex>
#include <vector>

namespace freeze {
namespace {

struct Slot {
    at::Tensor tensor;
    std::uint32_t generation = 1;
    bool live = false;
};

std::mutex guard;
std::vector<Slot> slots;
std::vector<std::uint32_t> free_slots;
std::int64_t live = 0;

thread_local std::string last_error;

// The slot of a live handle, or null. The caller holds the guard.
Slot* find(Handle handle) {
    auto index = static_cast<std::uint64_t>(handle) & 0xFFFFFFFFu;
    auto generation = static_cast<std::uint64_t>(handle) >> 32;
    if (index == 0 || index > slots.size()) return nullptr;
    Slot& slot = slots[index - 1];
    return slot.live && slot.generation == generation ? &slot : nullptr;
}

}  // namespace

at::Tensor get(Handle handle) {
    std::lock_guard<std::mutex> lock(guard);
    if (Slot* slot = find(handle)) return slot->tensor;
    throw std::invalid_argument("this handle is no live tensor: it was disposed, or never made here");
}

Optional<at::Tensor> get_optional(Handle handle) {
    if (handle == 0) return {};
    return get(handle);
}

Handle put(at::Tensor tensor) {
    std::lock_guard<std::mutex> lock(guard);
    if (free_slots.empty()) {
        slots.emplace_back();
        free_slots.push_back(static_cast<std::uint32_t>(slots.size()));
    }
    auto index = free_slots.back();
    free_slots.pop_back();
    Slot& slot = slots[index - 1];
    slot.tensor = std::move(tensor);
    slot.live = true;
    ++live;
    return static_cast<Handle>((static_cast<std::uint64_t>(slot.generation) << 32) | index);
}

bool release(Handle handle) {
    // Destroyed after the guard is released: freeing a graph can take long, and can come back here.
    at::Tensor dead;
    std::lock_guard<std::mutex> lock(guard);
    Slot* slot = find(handle);
    if (slot == nullptr) return false;
    dead = std::move(slot->tensor);
    slot->live = false;
    // Generation 0 would make the handle of slot 0 look like "no tensor".
    if (++slot->generation == 0) slot->generation = 1;
    free_slots.push_back(static_cast<std::uint32_t>(handle & 0xFFFFFFFF));
    --live;
    return true;
}

std::int64_t live_count() {
    std::lock_guard<std::mutex> lock(guard);
    return live;
}

int fail(const std::string& message) {
    try {
        last_error = message;
    } catch (...) {
        // Not even room for the message.
        last_error.clear();
        return out_of_memory;
    }
    auto lacks = [&](const char* words) { return message.find(words) != std::string::npos; };
    return lacks("out of memory") || lacks("can't allocate memory") || lacks("not enough memory") ? out_of_memory
                                                                                                 : failed;
}

}  // namespace freeze

FREEZE_API const char* freeze_last_error() { return freeze::last_error.c_str(); }

FREEZE_API int freeze_release(freeze::Handle handle) {
    return freeze::guarded([&] {
        if (!freeze::release(handle)) throw std::invalid_argument("this handle is no live tensor");
    });
}

FREEZE_API std::int64_t freeze_live_count() { return freeze::live_count(); }
