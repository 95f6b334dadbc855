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

// SDKs ignore a retry-after beyond a minute, or hang on it; with its jitter no advice may come near.
constexpr Duration kLongestRetryAfter = 50s;

class ClassChecker {
public:
    ClassChecker(const Checked& checked, Diagnostics& diagnostics)
        : classes_(checked.policy.classes),
          clients_(checked.policy.clients),
          nodes_(items_of(checked.root, "classes")),
          diagnostics_(diagnostics) {
        const Node* clients = checked.root.find("clients");
        keys_known_ = clients == nullptr || !clients->broken;
    }

    void run() {
        check_last();
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (nodes_[i].broken) continue;
            check_reachable(i);
            check_words(i);
            check_prompt(i);
            check_limits(i);
            check_refusal(i);
            check_patience(i);
            check_priority(i);
        }
    }

private:
    void report(Severity severity, const Mark& mark, std::string id, std::string message, std::string help = {}) {
        diagnostics_.push_back({severity, mark, std::move(id), std::move(message), {}, std::move(help)});
    }

    void check_last() {
        if (classes_.empty() || nodes_.back().broken) return;
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (!nodes_[i].broken && classes_[i].match == MatchConfig{}) return;
        }
        report(Severity::error, mark_at(nodes_.back(), "match"), "no-catch-all",
               fmt::format("the last class must match everything, and '{}' does not", classes_.back().name),
               "end the list with a class that has `match: any`");
    }

    void check_reachable(std::size_t index) {
        for (std::size_t i = 0; i < index; ++i) {
            if (nodes_[i].broken || !covers(classes_[i].match, classes_[index].match, clients_)) continue;
            if (!keys_known_ && classes_[i].match != MatchConfig{}) continue;
            report(Severity::error, mark_at(nodes_[index], "name"), "unreachable-class",
                   fmt::format("class '{}' can never match: '{}' in line {} comes first and matches all of it",
                               classes_[index].name, classes_[i].name, nodes_[i].mark.line),
                   "the first class that matches wins: move the narrower one up");
            return;
        }
    }

    // A class that the caller's word alone opens, a header or a member of its body, must not be better than what the
    // same request gets without it: first, one of the later classes that ask for no proof, down to the one that takes
    // all that is left.
    void check_words(std::size_t index) {
        const ClassConfig& granted = classes_[index];
        const bool by_header = !granted.match.headers.empty();
        if ((!by_header && !trusts_body(granted.match)) || needs_proof(granted.match)) return;
        const MatchConfig without = without_words(granted.match);
        for (std::size_t i = index + 1; i < classes_.size(); ++i) {
            const ClassConfig& other = classes_[i];
            if (nodes_[i].broken || !other.match.headers.empty() || trusts_body(other.match)) continue;
            if (needs_proof(other.match) || !may_overlap(without, other.match)) continue;
            if (granted.priority < other.priority) {
                report(Severity::error, mark_at(nodes_[index], by_header ? "match.header" : "match"),
                       by_header ? "header-grants-class" : "body-grants-class",
                       fmt::format("anyone who {} gets a better priority ('{}') than without it ('{}')",
                                   by_header ? "sends this header" : "says this in the body", granted.name, other.name),
                       "also match an api_key, a plan or a source network, or give the class a lower priority");
                return;
            }
            if (covers(other.match, without, clients_)) return;
        }
    }

    void check_prompt(std::size_t index) {
        const auto& prompt = classes_[index].match.prompt;
        if (!prompt || !prompt->max || *prompt->max >= prompt->min) return;
        report(Severity::error, mark_at(nodes_[index], "match.prompt_tokens"), "empty-range",
               fmt::format("no prompt has at least {} and at most {} tokens", prompt->min, *prompt->max));
    }

    void above_parent(const Node& node, std::string_view path, const std::string& message) {
        report(Severity::error, mark_at(node, path), "limit-above-parent", message,
               "a client's limit can only bind below its class's");
    }

    // A client's bucket against its class's.
    void check_bucket(const Node& node, const std::string& key, const std::optional<admission::RateConfig>& whole,
                      const std::optional<admission::RateConfig>& one) {
        if (!whole || !one) return;
        if (one->per_second > whole->per_second) {
            above_parent(node, "limits.per_client." + key,
                         fmt::format("one client may send {}, but the whole class {}", kRate.print(one->per_second),
                                     kRate.print(whole->per_second)));
        } else if (one->burst > whole->burst) {
            above_parent(
                node, "limits.per_client." + key,
                fmt::format("one client may send {} at once, but the whole class {}", one->burst, whole->burst));
        }
    }

    void check_limits(std::size_t index) {
        const admission::LimitConfig& whole = classes_[index].limits;
        const admission::LimitConfig& one = classes_[index].per_client;
        const Node& node = nodes_[index];
        check_bucket(node, "requests", whole.requests, one.requests);
        check_bucket(node, "video", whole.video, one.video);
        if (whole.tokens && one.tokens) {
            check_bucket(node, "tokens", whole.tokens->both, one.tokens->both);
            check_bucket(node, "tokens", whole.tokens->input, one.tokens->input);
            check_bucket(node, "tokens", whole.tokens->output, one.tokens->output);
        }
        if (whole.concurrency && one.concurrency && *one.concurrency > *whole.concurrency) {
            above_parent(node, "limits.per_client.concurrency",
                         fmt::format("one client may have {} requests at once, but the whole class {}",
                                     *one.concurrency, *whole.concurrency));
        }
    }

    void check_refusal(std::size_t index) {
        const admission::RefusalConfig& refusal = classes_[index].refusal;
        const Node& node = nodes_[index];
        const Node* max = value_at(node, "refusal.retry_after.max");
        if (refusal.retry_after_max > kLongestRetryAfter) {
            report(Severity::error, max != nullptr ? max->mark : node.mark, "retry-after-too-long",
                   fmt::format("no retry-after may be longer than {}, and this is {}",
                               kDuration.print(kLongestRetryAfter), kDuration.print(refusal.retry_after_max)),
                   "SDKs ignore advice beyond 60s, or hang on it");
        } else if (refusal.retry_after > refusal.retry_after_max) {
            const Node* base = value_at(node, "refusal.retry_after.base");
            report(Severity::error, base != nullptr ? base->mark : mark_at(node, "refusal.retry_after"),
                   "retry-after-too-long",
                   fmt::format("the advice of {} is longer than its own maximum of {}",
                               kDuration.print(refusal.retry_after), kDuration.print(refusal.retry_after_max)));
        }
    }

    void check_patience(std::size_t index) {
        const ClassConfig& config = classes_[index];
        if (!config.patience || !config.slo || *config.patience <= config.slo->first_token) return;
        report(Severity::warning, mark_at(nodes_[index], "patience"), "patience-above-slo",
               fmt::format("a request may wait {} in line, and has missed its slo after {}",
                           kDuration.print(*config.patience), kDuration.print(config.slo->first_token)),
               "leave patience out: it is then 0.8 x slo.first_token");
    }

    void check_priority(std::size_t index) {
        const ClassConfig& tight = classes_[index];
        if (!tight.slo) return;
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            const ClassConfig& loose = classes_[i];
            if (nodes_[i].broken || !loose.slo || loose.backend != tight.backend) continue;
            if (tight.slo->first_token >= loose.slo->first_token || tight.priority <= loose.priority) continue;
            report(Severity::warning, mark_at(nodes_[index], "priority"), "priority-against-slo",
                   fmt::format("class '{}' promises {} but yields to '{}', which promises {}", tight.name,
                               kDuration.print(tight.slo->first_token), loose.name,
                               kDuration.print(loose.slo->first_token)),
                   "give the tighter promise the better priority");
            return;
        }
    }

    const std::vector<ClassConfig>& classes_;
    const admission::ClientsConfig& clients_;
    std::span<const Node> nodes_;
    Diagnostics& diagnostics_;
    bool keys_known_ = true;
};

}  // namespace

void check_classes(const Checked& checked, Diagnostics& diagnostics) { ClassChecker(checked, diagnostics).run(); }

}  // namespace weir::policy
