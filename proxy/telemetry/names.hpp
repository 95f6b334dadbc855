#pragma once
// The names behind the ids, quoted and escaped once, ready for a log line.
//
// A name is published once and read without a lock. It changes only when no request uses its id any more, so no line is
// being written with it.
//
// Threading: update() by one thread at a time, the rest by any.

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "telemetry/labels.hpp"

namespace weir::telemetry {

class Names {
public:
    void update(const Labels& labels);

    // A JSON string with its quotes; empty for an id without a name. The view is valid as long as the id has that name.
    [[nodiscard]] std::string_view find(ClassId id) const { return at(classes_, index(id)); }
    [[nodiscard]] std::string_view find(BackendId id) const { return at(backends_, index(id)); }
    [[nodiscard]] std::string_view find(EndpointId id) const { return at(endpoints_, index(id)); }  // its url
    [[nodiscard]] std::string_view find(ListenerId id) const { return at(listeners_, index(id)); }
    [[nodiscard]] std::string_view policy() const {
        const std::string* text = policy_.load(std::memory_order_acquire);
        return text == nullptr ? std::string_view{} : std::string_view(*text);
    }

private:
    struct Entry {
        std::atomic<const std::string*> text{nullptr};
        std::unique_ptr<const std::string> owned;
    };
    template <std::size_t kSize>
    using Table = std::array<Entry, kSize>;

    template <std::size_t kSize>
    [[nodiscard]] static std::string_view at(const Table<kSize>& table, std::size_t i) {
        const std::string* text = i < kSize ? table[i].text.load(std::memory_order_acquire) : nullptr;
        return text == nullptr ? std::string_view{} : std::string_view(*text);
    }
    template <std::size_t kSize>
    void publish(Table<kSize>& table, std::size_t i, std::string_view name);
    Table<kMaxClasses> classes_{};
    Table<kMaxBackends> backends_{};
    Table<kMaxEndpoints> endpoints_{};
    Table<kMaxListeners> listeners_{};
    // The hash may change while a line is being written, which takes microseconds: the most recent ones are kept.
    static constexpr std::size_t kPoliciesKept = 256;
    std::deque<std::string> policies_;
    std::atomic<const std::string*> policy_{nullptr};
};

}  // namespace weir::telemetry
