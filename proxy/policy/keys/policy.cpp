#include "policy/keys/keys.hpp"

#include "policy/forms/forms.hpp"

namespace weir::policy {
namespace {

constexpr std::array kPolicyFields{
    required(scalar<kVersion>("version", "", "The version of this format.")),
    scalar<kMode, &Policy::mode>("mode", "enforce",
                                 "`shadow` decides, counts and logs as usual, but lets every request through."),
    scalar<kCount, &Policy::workers>("workers", "0", "Threads that serve connections; 0 is one a core."),
    map<&Policy::limits>("limits", kProcessLimitsShape, "What the whole process may hold, over all listeners."),
    required(maps<&Policy::listeners>("listeners", kListenerShape, "Where clients connect.")),
    map<&Policy::admin>("admin", kAdminShape, "The operator's door: /metrics, /healthz, /readyz, /config."),
    map<>("clients", kClientsShape, "How Weir knows who is calling; nothing else can grant a class."),
    required(maps<&Policy::backends>("backends", kBackendShape, "Pools of endpoints that serve the same thing.")),
    required(maps<&Policy::classes>("classes", kClassShape,
                                    "Who comes first: the first class that matches wins, and the last must match "
                                    "everything.")),
    map<&Policy::logging>("logging", kLoggingShape, "What is written about requests and about Weir itself."),
    maps<&Policy::tests>("tests", kTestShape, "Run by `weir check` and at every load; a failure keeps the policy out."),
    maps<&Policy::degrade>("degrade", kDegradeShape,
                           "Cheaper answers before refusals: all rules that hold are applied, in this order."),
};

}  // namespace

constinit const Shape kPolicyShape = shape<Policy>("", kPolicyFields);

}  // namespace weir::policy
