#include "policy/checks/body_exits.hpp"

#include <algorithm>

#include "policy/checks/cover.hpp"

namespace weir::policy {
namespace {

using admission::ClassConfig;
using admission::MatchConfig;

bool asks_body(const MatchConfig& match) {
    return trusts_body(match) || match.prompt ||
           std::any_of(match.none_of.begin(), match.none_of.end(),
                       [](const MatchConfig& one) { return asks_body(one); });
}

MatchConfig head_of(MatchConfig match) {
    match.models.clear();
    match.service_tiers.clear();
    match.stream.reset();
    match.prompt.reset();
    std::erase_if(match.none_of, asks_body);
    return match;
}

// Whether one request may match both, going by its head.
bool may_meet(const MatchConfig& a, const MatchConfig& b) {
    const auto disjoint = [](const std::vector<std::string>& left, const std::vector<std::string>& right) {
        return !left.empty() && !right.empty() && std::none_of(left.begin(), left.end(), [&](const std::string& one) {
            return std::find(right.begin(), right.end(), one) != right.end();
        });
    };
    return may_overlap(a, b) && !disjoint(a.api_keys, b.api_keys) && !disjoint(a.plans, b.plans);
}

}  // namespace

std::vector<BodyExit> body_exits(const Policy& policy) {
    std::vector<BodyExit> exits;
    const std::vector<ClassConfig>& classes = policy.classes;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        if (!asks_body(classes[i].match)) continue;
        BodyExit& exit = exits.emplace_back(BodyExit{classes[i].name, {}, classes[i].name});
        const MatchConfig head = head_of(classes[i].match);
        admission::Priority worst = classes[i].priority;
        for (std::size_t j = i + 1; j < classes.size(); ++j) {
            if (!may_meet(head, classes[j].match)) continue;
            exit.into.push_back(classes[j].name);
            if (classes[j].priority > worst) {
                worst = classes[j].priority;
                exit.unreadable = classes[j].name;
            }
            // This class takes all that is left.
            if (!asks_body(classes[j].match) && covers(classes[j].match, head, policy.clients)) break;
        }
    }
    return exits;
}

std::string to_text(const BodyExit& exit) {
    std::string text = "class '" + exit.from + "': a body that says otherwise leads to ";
    for (std::size_t i = 0; i < exit.into.size(); ++i) {
        text.append(i == 0                      ? ""
                    : i + 1 == exit.into.size() ? " or "
                                                : ", ")
            .append("'")
            .append(exit.into[i])
            .append("'");
    }
    if (exit.into.empty()) text.append("no class");
    return text.append(", one that cannot be read to '").append(exit.unreadable).append("'");
}

}  // namespace weir::policy
