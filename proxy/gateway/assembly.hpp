#pragma once
// Assembles a policy: from plain structs to the objects that serve.

#include <memory>
#include <vector>

#include "admission/config.hpp"
#include "base/result.hpp"
#include "downstream/routing.hpp"
#include "downstream/shared/shared_judge.hpp"
#include "numbering/numbered_policy.hpp"
#include "policy/policy.hpp"
#include "upstream/backend.hpp"

namespace weir::gateway {

// One backend's judge, and the configuration it gets when the assembly is put in force.
struct Bench {
    std::shared_ptr<upstream::Backend> backend;
    std::shared_ptr<downstream::SharedJudge> judge;
    std::shared_ptr<downstream::VideoJobs> jobs;
    std::shared_ptr<downstream::StickyIds> sticky;  // null where the policy has none
    admission::JudgeConfig config;
};

struct Assembly {
    policy::Policy policy;
    std::vector<Bench> benches;  // in the policy's order
    std::shared_ptr<const downstream::Routing> routing;
};

// Assembles a checked policy. Objects of `previous` (null at the start) with the same number are reused: judges with
// their counts, endpoints with their health. `previous` is not changed: an Error leaves everything as it was, and
// numbers that only the new policy would have used are free again. `salt` keys the hashes of clients; it is the same
// for the life of the process.
[[nodiscard]] Result<Assembly> assemble(numbering::NumberedPolicy numbered, const Assembly* previous,
                                        std::uint64_t salt, TimePoint now);

}  // namespace weir::gateway
