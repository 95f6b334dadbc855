#include <algorithm>

#include "telemetry/exposition.hpp"

namespace weir::telemetry {
namespace {

// The statuses that a class's backend and Weir answer most often: shown at 0 before the first one occurs.
constexpr int kUsualStatuses[] = {200, 429, 500, 502, 503, 504, 529};

// A class with its counts; no label for the requests without a class.
struct Subject {
    std::string_view name;
    const ClassLabel* label;
    const ClassTotals* totals;

    [[nodiscard]] Duration objective() const {
        return label != nullptr ? label->first_token_slo.value_or(Duration::zero()) : Duration::zero();
    }
};

std::vector<Subject> subjects_of(const Labels& labels, const Totals& totals) {
    std::vector<Subject> subjects;
    for (std::size_t i = 0; i < totals.classes.size(); ++i) {
        subjects.push_back({labels.classes[i].name, &labels.classes[i], &totals.classes[i]});
    }
    subjects.push_back({"", nullptr, &totals.unclassified});
    return subjects;
}

void add_sheds(Family family, const Subject& subject) {
    for (const ReasonInfo& reason : kReasons) {
        if (!is_shed(reason.reason)) continue;
        const auto i = static_cast<std::size_t>(reason.reason);
        const auto add = [&](std::string_view mode, std::uint64_t count) {
            // The judge refuses only requests that have a class.
            if (subject.label == nullptr && count == 0) return;
            family.add({{"class", subject.name}, {"reason", reason.name}, {"mode", mode}}, count);
        };
        add("enforce", subject.totals->enforced[i]);
        add("shadow", subject.totals->shadow[i]);
    }
}

void add_failures(Family family, const Subject& subject) {
    for (const ReasonInfo& reason : kReasons) {
        const std::uint64_t count = subject.totals->failures[static_cast<std::size_t>(reason.reason)];
        // A request without a class never reached a backend.
        if (!is_failure(reason.reason) || (subject.label == nullptr && count == 0)) continue;
        family.add({{"class", subject.name}, {"reason", reason.name}}, count);
    }
}

void add_degrades(Family family, const Labels& labels, const Subject& subject, ClassId cls) {
    for (std::size_t i = 0; i < labels.rules.size(); ++i) {
        const RuleLabel& rule = labels.rules[i];
        const bool is_for = std::find(rule.classes.begin(), rule.classes.end(), cls) != rule.classes.end();
        const auto add = [&](std::string_view mode, std::uint64_t count) {
            if (!is_for && count == 0) return;
            family.add({{"class", subject.name}, {"rule", rule.name}, {"mode", mode}}, count);
        };
        add("enforce", subject.totals->degraded[i]);
        add("shadow", subject.totals->spared[i]);
    }
}

std::string_view backend_name(const Labels& labels, BackendId backend) {
    return index(backend) < labels.backends.size() ? std::string_view(labels.backends[index(backend)].name)
                                                   : std::string_view();
}

void add_tokens(Family family, const Labels& labels, const Subject& subject) {
    BackendCounts::Totals tokens = subject.totals->tokens;
    const bool current = subject.label != nullptr && subject.label->current;
    for (const Direction direction : {Direction::in, Direction::out}) {
        for (const TokenSource source : {TokenSource::usage, TokenSource::counted, TokenSource::estimated}) {
            if (current) tokens.try_emplace({subject.label->backend, token_code(direction, source)}, 0);
            for (const auto& [key, count] : tokens) {
                if (key.second != token_code(direction, source)) continue;
                family.add({{"class", subject.name},
                            {"backend", backend_name(labels, key.first)},
                            {"direction", direction == Direction::in ? "in" : "out"},
                            {"source", name(source)}},
                           count);
            }
        }
    }
}

void add_responses(Family family, const Labels& labels, const Subject& subject) {
    BackendCounts::Totals responses = subject.totals->responses;
    if (subject.label != nullptr && subject.label->current) {
        for (const int status : kUsualStatuses) responses.try_emplace({subject.label->backend, status}, 0);
    }
    for (const auto& [key, count] : responses) {
        const auto& [backend, status] = key;
        family.add({{"class", subject.name},
                    {"backend", backend_name(labels, backend)},
                    {"code", status == kOtherStatus ? std::string("other") : std::to_string(status)}},
                   count);
    }
}

void add_objectives(Families& families, const std::vector<Subject>& subjects) {
    const auto add = [&](Family family, std::uint64_t ClassTotals::*count) {
        for (const Subject& subject : subjects) {
            const bool promises = subject.objective() > Duration::zero() || subject.totals->slo_valid > 0;
            if (promises) family.add({{"class", subject.name}}, subject.totals->*count);
        }
    };
    add(families.counter(
            "weir_slo_valid_total",
            "Requests that count for the class's objective: all but those that the caller caused to fail."),
        &ClassTotals::slo_valid);
    add(families.counter("weir_slo_good_total",
                         "Valid requests whose first byte came within the objective and whose answer the backend "
                         "finished."),
        &ClassTotals::slo_good);
}

void add_lengths(Families& families, const std::vector<Subject>& subjects) {
    const auto add = [&](Family family, const HistogramTotals ClassTotals::*lengths, const BucketEdges& edges) {
        for (const Subject& subject : subjects) {
            if (subject.label == nullptr) continue;
            const bool has_objective = lengths == &ClassTotals::first_token;
            family.add({{"class", subject.name}}, subject.totals->*lengths, edges,
                       has_objective ? subject.objective() : Duration::zero());
        }
    };
    add(families.histogram("weir_request_duration_seconds",
                           "From arrival to the end, of requests that were sent to a backend."),
        &ClassTotals::duration, kDurationEdges);
    add(families.histogram(
            "weir_time_to_first_token_seconds",
            "From arrival to the first byte of the answer's body, of answers below status 400. The class's "
            "objective is a bucket edge."),
        &ClassTotals::first_token, kFirstTokenEdges);
    add(families.histogram(
            "weir_queue_wait_seconds",
            "Time in the queue, of requests that were sent to a backend or waited in the queue in vain."),
        &ClassTotals::queue_wait, kFirstTokenEdges);
    add(families.histogram("weir_overhead_seconds",
                           "Time spent in Weir's own code, of requests that were sent to a backend."),
        &ClassTotals::overhead, kOverheadEdges);
}

void add_counts(Families& families, const std::vector<Subject>& subjects) {
    const auto add = [&](Family family, const std::uint64_t ClassTotals::*count) {
        for (const Subject& subject : subjects) family.add({{"class", subject.name}}, subject.totals->*count);
    };
    add(families.counter("weir_retries_seen_total",
                         "Requests that an SDK marked as a retry of its own, or that repeat an idempotency key."),
        &ClassTotals::retries_seen);
    add(families.counter("weir_request_body_bytes_total", "Bytes of request bodies."), &ClassTotals::bytes_in);
    add(families.counter("weir_response_body_bytes_total", "Bytes of answers' bodies that were passed on."),
        &ClassTotals::bytes_out);
}

}  // namespace

void add_request_families(Families& families, const Labels& labels, const Totals& totals) {
    const std::vector<Subject> subjects = subjects_of(labels, totals);
    Family requests = families.counter("weir_requests_total", "Requests by what became of them.");
    for (const Subject& subject : subjects) {
        for (std::size_t i = 0; i < kOutcomeCount; ++i) {
            requests.add({{"class", subject.name}, {"outcome", kOutcomeNames[i]}}, subject.totals->outcomes[i]);
        }
    }
    Family sheds = families.counter(
        "weir_shed_total", "Requests that the judge refused (mode enforce), or would have refused (mode shadow).");
    for (const Subject& subject : subjects) add_sheds(sheds, subject);
    Family failures = families.counter(
        "weir_failures_total",
        "Requests that failed at the backend or in Weir (outcome backend_error or internal), by reason.");
    for (const Subject& subject : subjects) add_failures(failures, subject);
    Family degrades = families.counter(
        "weir_degraded_total",
        "Requests for which a rule of `degrade` made the answer cheaper (mode enforce), or would have (mode shadow).");
    for (std::size_t i = 0; i < totals.classes.size(); ++i) {
        add_degrades(degrades, labels, subjects[i], ClassId{static_cast<std::uint16_t>(i)});
    }
    Family responses =
        families.counter("weir_responses_total", "Answers by their status, from the backend or Weir's own.");
    for (const Subject& subject : subjects) add_responses(responses, labels, subject);
    Family tokens =
        families.counter("weir_tokens_total",
                         "LLM tokens of prompts (in) and answers (out) that were served, by where the number "
                         "comes from: the endpoint's usage, counted as they passed, or estimated.");
    for (const Subject& subject : subjects) add_tokens(tokens, labels, subject);
    add_counts(families, subjects);
    add_objectives(families, subjects);
    add_lengths(families, subjects);
}

}  // namespace weir::telemetry
