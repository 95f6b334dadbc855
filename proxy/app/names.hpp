#pragma once
// Numbers for names, for the life of the process (see base/ids.hpp).
//
// Not thread-safe: the control loop's thread only, and main's before it runs.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admission/degrade.hpp"
#include "base/ids.hpp"

namespace weir::app {

// Gives each new name the next number, up to a bound: reloads that invent names for ever are refused, not served.
template <typename Id>
class NameTable {
public:
    explicit NameTable(std::size_t bound) : bound_(bound) {}

    // Nothing when the table is full.
    [[nodiscard]] std::optional<Id> id_of(std::string_view name) {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (names_[i] == name) return static_cast<Id>(i);
        }
        if (names_.size() == bound_) return std::nullopt;
        names_.emplace_back(name);
        return static_cast<Id>(names_.size() - 1);
    }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

private:
    std::size_t bound_;
    std::vector<std::string> names_;
};

struct Names {
    NameTable<ListenerId> listeners{64};
    NameTable<ClassId> classes{256};
    NameTable<BackendId> backends{64};
    NameTable<EndpointId> endpoints{1024};  // `backend url`
    NameTable<RuleId> rules{admission::kMaxRules};
};

}  // namespace weir::app
