// The rows of the rules by which answers are made cheaper.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {
namespace {

using admission::DegradeConfig;
using admission::TokenRange;

constexpr std::array kPromptFields{
    scalar<kCount, &TokenRange::min>("min", "0", "LLM tokens, at least; four bytes of the body count as one."),
    scalar<kCount, &TokenRange::max>("max", "", "LLM tokens, at most."),
};

constexpr Shape non_empty(Shape shape) {
    shape.not_empty = true;
    return shape;
}

constexpr Shape kPromptShape = non_empty(shape<TokenRange>("", kPromptFields));

constexpr std::array kWhenFields{
    required(scalars<kName, &DegradeConfig::classes>("class", "Names of classes; the request is in one of them.")),
    required(scalar<kRatio, &DegradeConfig::pressure>(
        "pressure", "", "Of the class's backend, at least: 1 is full, 1.5 is full and a line half full.")),
    scalars<kModel, &DegradeConfig::models>("model", "Models the body names, or prefixes when they end in `*`."),
    map<&DegradeConfig::prompt>("prompt_tokens", kPromptShape, "How long the body is."),
};
constexpr Shape kWhenShape = non_empty(shape<DegradeConfig>("", kWhenFields));

constexpr std::array kDoFields{
    scalar<kPositive, &DegradeConfig::max_output_tokens>("max_output_tokens", "", "No answer is longer."),
    scalar<kPositive, &DegradeConfig::n>("n", "", "No more answers at once."),
    scalar<kText, &DegradeConfig::model>("model", "", "In place of the body's."),
    scalar<kText, &DegradeConfig::service_tier>("service_tier", "", "In place of the body's."),
    scalar<kName, &DegradeConfig::backend>("backend", "", "In place of the class's."),
};
constexpr Shape kDoShape = non_empty(shape<DegradeConfig>("", kDoFields));

constexpr std::array kDegradeFields{
    required(scalar<kName, &DegradeConfig::name>("name", "", "What x-weir-degraded, the log and metrics call it.")),
    required(map<>("when", kWhenShape, "What must hold.")),
    required(map<>("do", kDoShape, "What is changed.")),
    scalar<kMode, &DegradeConfig::mode>("mode", "enforce", "`shadow` counts what it would change."),
};

}  // namespace

constinit const Shape kDegradeShape = shape<DegradeConfig>("rule", kDegradeFields);

}  // namespace weir::policy
