// Allocates large tensors from a memory region of their own.
//
// glibc's heap does badly with a training step: a small block that outlives the step is carved from the hole that a large tensor
// left, the next tensor of that size does not fit, and the heap grows to twice what is in use. glibc's alternative, one mapping
// per large block, makes the system clear every page again in every step, which takes a quarter of the time. So we redirect the
// two functions by which libtorch allocates and frees tensors: large blocks come from one region, best fit, and neighbouring free
// blocks merge. If any of this fails, nothing changes.
#include "memory.h"

#include <cstdlib>

#include "api.h"

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)
#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

namespace {

using Address = std::uintptr_t;

constexpr std::size_t page = 4096, least = 64 << 10;

// Whether the system reserves memory that is only requested: then the region would take it from everyone else.
bool commits_all() {
    std::FILE* file = std::fopen("/proc/sys/vm/overcommit_memory", "r");
    const bool strict = file != nullptr && std::fgetc(file) == '2';
    if (file != nullptr) {
        std::fclose(file);
    }
    return strict;
}

// Blocks of one region of memory. Used pages stay with the process until the region is trimmed.
class Region {
public:
    explicit Region(std::size_t size) {
        if (commits_all()) {
            return;
        }
        void* made = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made != MAP_FAILED) {
            begin_ = reinterpret_cast<Address>(made);
            end_ = begin_ + size;
            add(begin_, size);
        }
    }

    bool is_here() const { return begin_ != 0; }
    bool holds(const void* block) const {
        const auto place = reinterpret_cast<Address>(block);
        return place >= begin_ && place < end_;
    }

    // Null where no hole is large enough.
    void* take(std::size_t size) {
        if (size > end_ - begin_) {
            return nullptr;
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        size = (size + page - 1) / page * page;
        // The first of equally large holes, so the far end of the region stays untouched.
        const auto hole = by_size_.lower_bound({size, 0});
        if (hole == by_size_.end()) {
            return nullptr;
        }
        const auto [whole, place] = *hole;
        remove(place, whole);
        if (whole > size) {
            add(place + size, whole - size);
        }
        used_[place] = size;
        return reinterpret_cast<void*>(place);
    }

    void give(void* block) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto used = used_.find(reinterpret_cast<Address>(block));
        if (used == used_.end()) {
            std::abort();
        }
        Address place = used->first;
        std::size_t size = used->second;
        used_.erase(used);
        const auto after = holes_.find(place + size);
        if (after != holes_.end()) {
            const std::size_t more = after->second;
            remove(place + size, more);
            size += more;
        }
        auto before = holes_.lower_bound(place);
        if (before != holes_.begin() && (--before)->first + before->second == place) {
            place = before->first;
            const std::size_t more = before->second;
            remove(place, more);
            size += more;
        }
        add(place, size);
    }

    // Returns free pages to the system; they come back when the blocks are used again.
    void trim() {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& [place, size] : holes_) {
            madvise(reinterpret_cast<void*>(place), size, MADV_DONTNEED);
        }
    }

private:
    void add(Address place, std::size_t size) {
        holes_[place] = size;
        by_size_.insert({size, place});
    }
    void remove(Address place, std::size_t size) {
        holes_.erase(place);
        by_size_.erase({size, place});
    }

    Address begin_ = 0, end_ = 0;
    std::mutex mutex_;
    std::map<Address, std::size_t> holes_, used_;
    std::set<std::pair<std::size_t, Address>> by_size_;
};

// As large as the machine's memory: more cannot be used at once. It lives as long as the process, because tensors may.
Region& region() {
    static Region& made = *new Region(static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * page);
    return made;
}

}  // namespace

int freeze::allocate(void** block, std::size_t alignment, std::size_t size) {
    if (size >= least && alignment <= page) {
        try {
            if (void* taken = region().take(size)) {
                *block = taken;
                return 0;
            }
        } catch (const std::bad_alloc&) {
            // The heap may still have memory.
        }
    }
    return posix_memalign(block, alignment, size);
}

void freeze::release(void* block) {
    if (region().holds(block)) {
        region().give(block);
    } else {
        std::free(block);
    }
}

namespace {

// A library whose calls are redirected, and how many were.
struct Redirection {
    const char* library;
    int changed = 0;
};

bool write(Address place, Address value) {
    void* first = reinterpret_cast<void*>(place / page * page);
    if (mprotect(first, page, PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    std::memcpy(reinterpret_cast<void*>(place), &value, sizeof value);
    return true;
}

void redirect(const dl_phdr_info& library, Redirection& by) {
    const ElfW(Dyn)* dynamic = nullptr;
    for (int i = 0; i < library.dlpi_phnum; i++) {
        if (library.dlpi_phdr[i].p_type == PT_DYNAMIC) {
            dynamic = reinterpret_cast<const ElfW(Dyn)*>(library.dlpi_addr + library.dlpi_phdr[i].p_vaddr);
        }
    }
    const char* names = nullptr;
    const ElfW(Sym)* symbols = nullptr;
    const ElfW(Rela) *calls = nullptr, *others = nullptr;
    std::size_t bytes_of_calls = 0, bytes_of_others = 0;
    for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; dynamic++) {
        // glibc has turned these into addresses.
        const auto place = dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
            case DT_STRTAB: names = reinterpret_cast<const char*>(place); break;
            case DT_SYMTAB: symbols = reinterpret_cast<const ElfW(Sym)*>(place); break;
            case DT_JMPREL: calls = reinterpret_cast<const ElfW(Rela)*>(place); break;
            case DT_PLTRELSZ: bytes_of_calls = dynamic->d_un.d_val; break;
            case DT_RELA: others = reinterpret_cast<const ElfW(Rela)*>(place); break;
            case DT_RELASZ: bytes_of_others = dynamic->d_un.d_val; break;
            default: break;
        }
    }
    if (names == nullptr || symbols == nullptr) {
        return;
    }
    // First redirect free, which accepts blocks from anywhere; then the functions whose blocks only our free can release.
    for (const auto& [name, target] : {std::pair{"free", reinterpret_cast<Address>(&freeze::release)},
                                       std::pair{"posix_memalign", reinterpret_cast<Address>(&freeze::allocate)}}) {
        for (const auto& [table, bytes] : {std::pair{calls, bytes_of_calls}, std::pair{others, bytes_of_others}}) {
            for (std::size_t i = 0; table != nullptr && i < bytes / sizeof(ElfW(Rela)); i++) {
                const auto type = ELF64_R_TYPE(table[i].r_info);
                if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
                    std::strcmp(names + symbols[ELF64_R_SYM(table[i].r_info)].st_name, name) == 0) {
                    if (!write(library.dlpi_addr + table[i].r_offset, target)) {
                        return;
                    }
                    by.changed++;
                }
            }
        }
    }
}

int visit(dl_phdr_info* library, std::size_t, void* data) {
    auto& by = *static_cast<Redirection*>(data);
    const std::size_t length = std::strlen(by.library), whole = std::strlen(library->dlpi_name);
    if (whole >= length && std::strcmp(library->dlpi_name + whole - length, by.library) == 0) {
        redirect(*library, by);
        return 1;
    }
    return 0;
}

}  // namespace

// Redirects libtorch's allocations to the region; call this once, after libtorch is loaded. Writes whether it worked.
FREEZE_API int freeze_keep_tensors(int* done) {
    return freeze::guarded([&] {
        Redirection by{"/libc10.so"};
        if (region().is_here()) {
            dl_iterate_phdr(visit, &by);
        }
        *done = by.changed > 0 ? 1 : 0;
    });
}

// Returns free memory of the region and of the heap to the system.
FREEZE_API int freeze_trim() {
    return freeze::guarded([&] {
        if (region().is_here()) {
            region().trim();
        }
        malloc_trim(0);
    });
}

#else

int freeze::allocate(void** block, std::size_t alignment, std::size_t size) {
    *block = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    return *block == nullptr ? 1 : 0;
}

void freeze::release(void* block) { std::free(block); }

FREEZE_API int freeze_keep_tensors(int* done) {
    *done = 0;
    return freeze::fine;
}

FREEZE_API int freeze_trim() { return freeze::fine; }

#endif
