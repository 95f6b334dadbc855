#pragma once
// Numbers for names (see base/ids.hpp).
//
// A name keeps its number across reloads for as long as a policy in force or a request uses it, and usually longer, so
// that counts and metrics continue when it comes back. Once half of the table is taken, unused numbers are given to new
// names: a fleet whose addresses change all day never runs out of them.
//
// Not thread-safe: only for the control loop's thread, and main's before it runs. Uses may be dropped on any thread.

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "telemetry/labels.hpp"

namespace weir::numbering {

// Keeps numbers from being given to other names. Requests hold those of their policy.
using Uses = std::vector<std::shared_ptr<const void>>;

template <typename Id>
class NameTable {
public:
    explicit NameTable(std::size_t bound) : bound_(bound) {}

    // Nothing when every number is in use.
    [[nodiscard]] std::optional<Id> id_of(std::string_view name, Uses& uses) {
        const auto known = numbers_.find(std::string(name));
        const auto number = known != numbers_.end() ? known->second : number_for(std::string(name));
        if (!number) return std::nullopt;
        const auto id = static_cast<Id>(*number);
        hold(id, uses);
        return id;
    }
    // REQUIRES: `id` has been given.
    void hold(Id id, Uses& uses) {
        std::weak_ptr<const void>& holders = holders_[index(id)];
        std::shared_ptr<const void> use = holders.lock();
        if (!use) holders = use = std::make_shared<char>();
        uses.push_back(std::move(use));
    }

    // By number. A number that is not in use still has its last name.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] std::size_t bound() const { return bound_; }
    [[nodiscard]] std::size_t in_use() const {
        std::size_t count = 0;
        for (const auto& holders : holders_) count += holders.expired() ? 0 : 1;
        return count;
    }
    // The numbers that have been given to another name since the last call.
    [[nodiscard]] std::vector<Id> take_renamed() { return std::exchange(renamed_, {}); }

private:
    std::optional<std::size_t> number_for(std::string name) {
        std::optional<std::size_t> number = names_.size() * 2 < bound_ ? std::nullopt : unused();
        if (!number) {
            if (names_.size() == bound_) return std::nullopt;
            number = names_.size();
            names_.emplace_back();
            holders_.emplace_back();
        } else {
            numbers_.erase(names_[*number]);
            renamed_.push_back(static_cast<Id>(*number));
        }
        names_[*number] = name;
        numbers_.emplace(std::move(name), *number);
        return number;
    }

    // In turn, so that the most recently reused number keeps its name longest.
    std::optional<std::size_t> unused() {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const std::size_t number = (next_ + i) % names_.size();
            if (!holders_[number].expired()) continue;
            next_ = number + 1;
            // The next user must see what the last one wrote.
            std::atomic_thread_fence(std::memory_order_acquire);
            return number;
        }
        return std::nullopt;
    }

    std::size_t bound_;
    std::vector<std::string> names_;
    std::vector<std::weak_ptr<const void>> holders_;
    std::unordered_map<std::string, std::size_t> numbers_;
    std::vector<Id> renamed_;
    std::size_t next_ = 0;  // where the search for an unused number continues
};

// At least twice what one policy may have (policy/policy.hpp), because the next policy may share no name with it.
struct Names {
    NameTable<ListenerId> listeners{telemetry::kMaxListeners};
    NameTable<ClassId> classes{telemetry::kMaxClasses};
    NameTable<BackendId> backends{telemetry::kMaxBackends};
    NameTable<EndpointId> endpoints{telemetry::kMaxEndpoints};  // `backend url`
    NameTable<RuleId> rules{telemetry::kMaxRules};
};

}  // namespace weir::numbering
