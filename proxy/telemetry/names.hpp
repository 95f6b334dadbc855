#pragma once
// The names behind the ids, ready to be written into a log line: quoted and escaped once.
//
// An id's name never changes, so each is published once and read without a lock; what a reload adds goes behind it.
//
// Threading: update() by one thread at a time, the rest by any.

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "telemetry/labels.hpp"

namespace weir::telemetry {

class Names {
public:
    void update(const Labels& labels);

    // A JSON string with its quotes; empty for an id that has no name. The view lives as long as this.
    [[nodiscard]] std::string_view find(ClassId id) const { return at(classes_, index(id)); }
    [[nodiscard]] std::string_view find(BackendId id) const { return at(backends_, index(id)); }
    [[nodiscard]] std::string_view find(EndpointId id) const { return at(endpoints_, index(id)); }  // its url
    [[nodiscard]] std::string_view find(ListenerId id) const { return at(listeners_, index(id)); }
    [[nodiscard]] std::string_view policy() const { return at(policy_, 0); }

private:
    template <std::size_t kSize>
    using Table = std::array<std::atomic<const std::string*>, kSize>;

    template <std::size_t kSize>
    [[nodiscard]] static std::string_view at(const Table<kSize>& table, std::size_t i) {
        const std::string* text = i < kSize ? table[i].load(std::memory_order_acquire) : nullptr;
        return text == nullptr ? std::string_view{} : std::string_view(*text);
    }
    template <std::size_t kSize>
    void publish(Table<kSize>& table, std::size_t i, std::string_view name);
    const std::string& keep(std::string_view name);

    std::deque<std::string> texts_;  // they stay where they are
    Table<kMaxClasses> classes_{};
    Table<kMaxBackends> backends_{};
    Table<kMaxEndpoints> endpoints_{};
    Table<kMaxListeners> listeners_{};
    Table<1> policy_{};
};

}  // namespace weir::telemetry
