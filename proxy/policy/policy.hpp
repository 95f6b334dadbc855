#pragma once
// A policy file as plain structs, with every value read, checked and defaulted.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "admin/config.hpp"
#include "admission/config.hpp"
#include "base/sha256.hpp"
#include "downstream/config.hpp"
#include "policy/mark.hpp"
#include "telemetry/config.hpp"
#include "upstream/config.hpp"

namespace weir::policy {

// One entry of the policy's own `tests:`: a request, a situation, and what must happen to the request.
struct PolicyTest {
    std::string name;
    Mark mark;         // of the entry
    Mark expect_mark;  // of its `expect`

    // request
    std::string method = "POST";
    std::string path = "/v1/chat/completions";
    std::string listener;  // empty: the first
    IpAddress source;
    std::string api_key;  // a key's name, or empty
    std::vector<std::pair<std::string, std::string>> headers;
    std::string model;  // of the body, like the next three
    std::string service_tier;
    std::uint32_t prompt_tokens = 0;
    bool stream = false;

    // given
    enum class Situation : std::uint8_t {
        idle,        // no other requests
        queue_full,  // the backend is full, and so is the queue of the request's own class
        flood_of,    // the backend is full of one class's requests, and that class's queue is full
    };
    Situation given = Situation::idle;
    std::string flood_of;  // a class's name

    std::optional<double> pressure;  // instead of what the situation amounts to; only `degrade` uses it

    // expect; empty or 0: not checked
    std::string expect_class;
    std::string expect_decision;  // admit | queue | refuse
    std::string expect_reason;    // a Reason's name
    int expect_status = 0;
    std::string expect_degraded;  // names of the rules that are applied, separated by commas, or `nothing`
};

// The most that one policy may have of each.
inline constexpr std::size_t kMaxListeners = 64;
inline constexpr std::size_t kMaxClasses = 256;
inline constexpr std::size_t kMaxBackends = 64;
inline constexpr std::size_t kMaxEndpoints = 1024;   // of all backends together
inline constexpr std::size_t kMaxCertificates = 64;  // of one listener: each is tried for the name in a handshake
inline constexpr std::size_t kMaxRules = 32;         // of `degrade`

struct Policy {
    admission::Mode mode = admission::Mode::enforce;
    downstream::ProcessLimits limits;
    // Not empty: the default of limits.connections was lowered to what this many file descriptors allow.
    std::optional<std::uint64_t> fitted_to_descriptors;
    std::vector<downstream::ListenerConfig> listeners;
    admin::AdminConfig admin;
    admission::ClientsConfig clients;
    std::vector<upstream::BackendConfig> backends;
    std::vector<admission::ClassConfig> classes;
    std::vector<admission::DegradeConfig> degrade;
    telemetry::LoggingConfig logging;
    std::uint32_t workers = 0;  // 0: one per core
    std::vector<PolicyTest> tests;
    Sha256 hash;                // of the file's bytes, followed by those of the file of keys
    std::string api_keys_file;  // the source of part of `clients.api_keys`; empty: no such file
    // Paths (`classes[1].backend`) of the values that came from ${env:...} or ${file:...}: never printed.
    std::set<std::string> secrets;
};

}  // namespace weir::policy
