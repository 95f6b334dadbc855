#pragma once
// The configured names behind the ids: the only text that ever becomes a label value.
//
// A name that a reload removed keeps its id for a while, with `current` false: its counters are still shown, its gauges
// are not. An id that no request uses any more may return with another name; what was counted under the old name is
// dropped.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace weir::telemetry {

// Names beyond these bounds have no series of their own: such a class counts as unclassified, the others not at all.
inline constexpr std::size_t kMaxClasses = 512;
inline constexpr std::size_t kMaxBackends = 128;
inline constexpr std::size_t kMaxEndpoints = 4096;
inline constexpr std::size_t kMaxListeners = 64;
inline constexpr std::size_t kMaxRules = 64;  // of `degrade`: a bit each in a record

struct ClassLabel {
    std::string name;
    std::optional<Duration> first_token_slo;  // becomes a bucket edge and enables the slo series
    BackendId backend = kNoBackend;           // where its requests go; usual statuses are shown at 0 from the start
    bool current = true;
};

struct NameLabel {
    std::string name;
    bool current = true;
};

struct EndpointLabel {
    std::string backend;  // the backend's name
    std::string url;
    bool current = true;
};

struct RuleLabel {
    std::string name;
    std::vector<ClassId> classes;  // the classes it applies to: shown at 0 from the start
};

// Indexed by id. REQUIRES: no two entries of one kind have the same name (endpoints: the same backend and url).
struct Labels {
    std::vector<ClassLabel> classes;
    std::vector<NameLabel> backends;
    std::vector<EndpointLabel> endpoints;
    std::vector<NameLabel> listeners;
    std::vector<RuleLabel> rules;
    std::string policy;  // the hash of the policy in force: weir_config_info, and `policy` in the access log
};

}  // namespace weir::telemetry
