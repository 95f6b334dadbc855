#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "policy/checks/check.hpp"
#include "policy/checks/cover.hpp"
#include "policy/forms/forms.hpp"

namespace weir::policy {
namespace {

using admission::ClassConfig;
using admission::MatchConfig;
using namespace std::chrono_literals;

// SDKs ignore a retry-after beyond a minute, or hang on it; no advice may come near that, even with its jitter.
constexpr Duration kLongestRetryAfter = 50s;

void check_last(const Checked& c) {
    const auto& classes = c.policy.classes;
    const auto nodes = c.root.items_of("classes");
    if (classes.empty() || nodes.back().broken) return;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        if (!nodes[i].broken && classes[i].match == MatchConfig{}) return;
    }
    c.refuse(nodes.back().mark_at("match"), "no-catch-all",
             fmt::format("the last class must match everything, and '{}' does not", classes.back().name),
             "end the list with a class that has `match: any`");
}

void check_reachable(const Checked& c, std::size_t index) {
    const auto& classes = c.policy.classes;
    const auto nodes = c.root.items_of("classes");
    for (std::size_t i = 0; i < index; ++i) {
        if (nodes[i].broken || !covers(classes[i].match, classes[index].match, c.policy.clients)) continue;
        if (!c.clients_are_known() && classes[i].match != MatchConfig{}) continue;
        c.refuse(nodes[index].mark_at("name"), "unreachable-class",
                 fmt::format("class '{}' can never match: '{}' on line {} comes first and matches all of it",
                             classes[index].name, classes[i].name, nodes[i].mark.line),
                 "the first class that matches wins: move the narrower one up");
        return;
    }
}

// A class that the caller can claim by itself, by a header or a member of its body, must not be better than what the
// same request gets without the claim: one of the later classes that need no proof, down to the one that takes all the
// rest.
void check_claims(const Checked& c, std::size_t index) {
    const auto& classes = c.policy.classes;
    const auto nodes = c.root.items_of("classes");
    const ClassConfig& granted = classes[index];
    const bool by_header = !granted.match.headers.empty();
    if ((!by_header && !trusts_body(granted.match)) || needs_proof(granted.match)) return;
    const MatchConfig without = without_claims(granted.match);
    for (std::size_t i = index + 1; i < classes.size(); ++i) {
        const ClassConfig& other = classes[i];
        if (nodes[i].broken || !other.match.headers.empty() || trusts_body(other.match)) continue;
        if (needs_proof(other.match) || !may_overlap(without, other.match)) continue;
        if (granted.priority < other.priority) {
            c.refuse(nodes[index].mark_at(by_header ? "match.header" : "match"),
                     by_header ? "header-grants-class" : "body-grants-class",
                     fmt::format("anyone who {} gets a better priority ('{}') than without it ('{}')",
                                 by_header ? "sends this header" : "says this in the body", granted.name, other.name),
                     "also match an api_key, a plan or a source network, or give the class a lower priority");
            return;
        }
        if (covers(other.match, without, c.policy.clients)) return;
    }
}

void check_prompt(const Checked& c, const ClassConfig& cls, const Node& node) {
    const auto& prompt = cls.match.prompt;
    if (!prompt || !prompt->max || *prompt->max >= prompt->min) return;
    c.refuse(node.mark_at("match.prompt_tokens"), "empty-range",
             fmt::format("no prompt has at least {} and at most {} tokens", prompt->min, *prompt->max));
}

void above_parent(const Checked& c, const Node& node, std::string_view path, const std::string& message) {
    c.refuse(node.mark_at(path), "limit-above-parent", message, "a client's limit can only bind below its class's");
}

// A client's bucket against its class's.
void check_bucket(const Checked& c, const Node& node, const std::string& key,
                  const std::optional<admission::RateConfig>& whole, const std::optional<admission::RateConfig>& one) {
    if (!whole || !one) return;
    if (one->per_second > whole->per_second) {
        above_parent(c, node, "limits.per_client." + key,
                     fmt::format("one client may send {}, but the whole class {}", kRate.print(one->per_second),
                                 kRate.print(whole->per_second)));
    } else if (one->burst > whole->burst) {
        above_parent(c, node, "limits.per_client." + key,
                     fmt::format("one client may send {} at once, but the whole class {}", one->burst, whole->burst));
    }
}

void check_limits(const Checked& c, const ClassConfig& cls, const Node& node) {
    const admission::LimitConfig& whole = cls.limits;
    const admission::LimitConfig& one = cls.per_client;
    check_bucket(c, node, "requests", whole.requests, one.requests);
    check_bucket(c, node, "video", whole.video, one.video);
    if (whole.tokens && one.tokens) {
        check_bucket(c, node, "tokens", whole.tokens->both, one.tokens->both);
        check_bucket(c, node, "tokens", whole.tokens->input, one.tokens->input);
        check_bucket(c, node, "tokens", whole.tokens->output, one.tokens->output);
    }
    if (whole.concurrency && one.concurrency && *one.concurrency > *whole.concurrency) {
        above_parent(c, node, "limits.per_client.concurrency",
                     fmt::format("one client may have {} requests at once, but the whole class {}", *one.concurrency,
                                 *whole.concurrency));
    }
}

void check_refusal(const Checked& c, const ClassConfig& cls, const Node& node) {
    const admission::RefusalConfig& refusal = cls.refusal;
    if (refusal.retry_after_max > kLongestRetryAfter) {
        c.refuse(node.mark_at("refusal.retry_after.max"), "retry-after-too-long",
                 fmt::format("no retry-after may be longer than {}, and this is {}",
                             kDuration.print(kLongestRetryAfter), kDuration.print(refusal.retry_after_max)),
                 "SDKs ignore advice beyond 60s, or hang on it");
    } else if (refusal.retry_after > refusal.retry_after_max) {
        const Node* base = node.find("refusal.retry_after.base");
        c.refuse(base != nullptr ? base->mark : node.mark_at("refusal.retry_after"), "retry-after-too-long",
                 fmt::format("the advice of {} is longer than its own maximum of {}",
                             kDuration.print(refusal.retry_after), kDuration.print(refusal.retry_after_max)));
    }
}

void check_queue_timeout(const Checked& c, const ClassConfig& cls, const Node& node) {
    if (!cls.queue_timeout || !cls.slo || *cls.queue_timeout <= cls.slo->first_token) return;
    c.warn(node.mark_at("queue_timeout"), "queue-timeout-above-slo",
           fmt::format("a request may wait {} in the queue, and has missed its slo after {}",
                       kDuration.print(*cls.queue_timeout), kDuration.print(cls.slo->first_token)),
           "leave queue_timeout out: it is then 0.8 x slo.first_token");
}

void check_priority(const Checked& c, std::size_t index) {
    const auto& classes = c.policy.classes;
    const auto nodes = c.root.items_of("classes");
    const ClassConfig& tight = classes[index];
    if (!tight.slo) return;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const ClassConfig& loose = classes[i];
        if (nodes[i].broken || !loose.slo || loose.backend != tight.backend) continue;
        if (tight.slo->first_token >= loose.slo->first_token || tight.priority <= loose.priority) continue;
        c.warn(
            nodes[index].mark_at("priority"), "priority-against-slo",
            fmt::format("class '{}' promises {} but yields to '{}', which promises {}", tight.name,
                        kDuration.print(tight.slo->first_token), loose.name, kDuration.print(loose.slo->first_token)),
            "give the tighter promise the better priority");
        return;
    }
}

}  // namespace

void check_classes(const Checked& c) {
    check_last(c);
    for (std::size_t i = 0; i < c.policy.classes.size(); ++i) {
        const ClassConfig& cls = c.policy.classes[i];
        const Node& node = c.root.items_of("classes")[i];
        if (node.broken) continue;
        check_reachable(c, i);
        check_claims(c, i);
        check_prompt(c, cls, node);
        check_limits(c, cls, node);
        check_refusal(c, cls, node);
        check_queue_timeout(c, cls, node);
        check_priority(c, i);
    }
}

}  // namespace weir::policy
