#include "lab/simulate/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

namespace weir::simulate {
namespace {

using Row = std::vector<std::string>;

std::string percent(std::optional<double> share) { return share ? fmt::format("{:.2f} %", 100 * *share) : "-"; }

std::string length(std::optional<double> time) {
    if (!time) return "-";
    return *time < 1 ? fmt::format("{:.0f} ms", 1000 * *time) : fmt::format("{:.2f} s", *time);
}

std::string recovery_text(const Report& report, const Scenario& scenario, std::size_t cls) {
    const auto known = recovery_of(report, scenario, cls);
    if (!known) return "-";
    return *known ? fmt::format("{} s", **known) : "not seen";
}

bool has_degraded(const Report& report) {
    return std::any_of(report.scenarios.begin(), report.scenarios.end(),
                       [](const Scenario& scenario) { return scenario.controller == kWithoutDegrade; });
}

std::string percent_more(std::uint64_t now, std::uint64_t before) {
    if (before == 0) return "from none";
    return fmt::format("{:+.1f} %", 100 * (static_cast<double>(now) / static_cast<double>(before) - 1));
}

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
}

// What the rules of each policy gain: one line per class that they affected.
std::string bought(const Report& report) {
    std::string text;
    for (const Scenario& without : report.scenarios) {
        if (without.controller != kWithoutDegrade) continue;
        const auto with = std::find_if(report.scenarios.begin(), report.scenarios.end(), [&](const Scenario& other) {
            return other.controller == "weir" && other.policy == without.policy;
        });
        if (with == report.scenarios.end()) continue;
        for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
            const Tally& now = with->run.classes[cls].during;
            const Tally& before = without.run.classes[cls].during;
            if (now.degraded == 0) continue;
            text += fmt::format(
                "{}: {} of {} answers were cheaper; {} good answers instead of {} ({}), {} refused instead of {}.\n",
                report.classes[cls], now.degraded, now.served, now.good, before.good,
                percent_more(now.good, before.good), now.refused(), before.refused());
        }
    }
    return text.empty() ? text : "\nWhat `degrade` bought:\n\n" + text;
}

Row table_row(const Report& report, Scenario& scenario, std::size_t cls) {
    ClassRun& run = scenario.run.classes[cls];
    Tally& tally = run.during;
    Row row{report.classes[cls],
            scenario_name(report, scenario),
            std::to_string(tally.offered),
            std::to_string(tally.served),
            has_degraded(report) ? std::to_string(tally.degraded) : std::string(),
            std::to_string(tally.refused()),
            std::to_string(tally.failed()),
            percent(tally.goodput()),
            percent(kept(scenario, cls)),
            length(tally.first_token(0.5)),
            length(tally.first_token(0.95)),
            length(tally.first_token(0.99)),
            scenario.calm ? length(scenario.calm->classes[cls].during.first_token(0.99)) : "-"};
    const bool clients = run.clients_whole + run.clients_partly + run.clients_not > 0;
    row.push_back(clients ? fmt::format("{}/{}/{}", run.clients_whole, run.clients_partly, run.clients_not) : "-");
    row.push_back(std::to_string(tally.retries));
    row.push_back(percent(tally.waste()));
    row.push_back(recovery_text(report, scenario, cls));
    return row;
}

std::string align(const std::vector<Row>& rows, std::size_t left) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += i < left ? fmt::format("{:<{}}  ", row[i], widths[i]) : fmt::format("{:>{}}  ", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

// Why requests were not served: one row per class and controller, one column per reason that occurs.
std::string reasons(const Report& report) {
    std::map<std::size_t, std::uint64_t> found;  // reason -> requests
    std::vector<std::pair<Row, const Tally*>> tallies;
    for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
        for (const Scenario& scenario : report.scenarios) {
            const Tally& tally = scenario.run.classes[cls].during;
            if (tally.offered == tally.served) continue;
            tallies.push_back({{report.classes[cls], scenario_name(report, scenario)}, &tally});
            for (std::size_t i = 0; i < kReasonCount; ++i) {
                if (tally.unserved[i] > 0) found[i] += tally.unserved[i];
            }
        }
    }
    if (found.empty()) return {};
    std::vector<Row> rows{{"class", "controller"}};
    for (const auto& [reason, count] : found) rows.front().emplace_back(kReasons[reason].name);
    for (const auto& [head, tally] : tallies) {
        Row& row = rows.emplace_back(head);
        for (const auto& [reason, count] : found) row.push_back(std::to_string(tally->unserved[reason]));
    }
    return "\nNot served, by the reason of the last try:\n\n" + align(rows, 2);
}

// What the prefix caches saved, of all classes together: one row per controller. Only of traces that have any to save.
std::string prefixes(const Report& report) {
    std::vector<Row> rows{{"controller", "in flight an endpoint", "imbalance", "prompt tokens cached", "at best",
                           "of the best", "requests", "at best"}};
    bool any = false;
    for (const Scenario& scenario : report.scenarios) {
        const PrefixTally tally = prefixes_of(scenario.run);
        any |= tally.cacheable > 0;
        const Spread& spread = scenario.run.spread;
        const auto number = [](std::optional<double> value) { return value ? fmt::format("{:.2f}", *value) : "-"; };
        rows.push_back({scenario_name(report, scenario), number(spread.inflight()), number(spread.imbalance()),
                        percent(ratio(tally.cached_tokens, tally.prompt_tokens)),
                        percent(ratio(tally.cacheable_tokens, tally.prompt_tokens)),
                        percent(ratio(tally.cached_tokens, tally.cacheable_tokens)), std::to_string(tally.cached),
                        std::to_string(tally.cacheable)});
    }
    return any ? "\nPrefix caches, over the whole trace:\n\n" + align(rows, 1) : std::string();
}

}  // namespace

PrefixTally prefixes_of(const Run& run) {
    PrefixTally sum;
    for (const ClassRun& cls : run.classes) sum.add(cls.whole.prefixes);
    return sum;
}

std::string scenario_name(const Report& report, const Scenario& scenario) {
    const auto same = [&](const Scenario& other) { return other.policy == scenario.policy; };
    if (std::all_of(report.scenarios.begin(), report.scenarios.end(), same)) return scenario.controller;
    const std::string name = std::filesystem::path(scenario.policy).stem().string();
    return scenario.controller == "weir" ? name : fmt::format("{}, {}", name, scenario.controller);
}

bool is_offered(const Report& report, std::size_t cls) {
    return std::any_of(report.scenarios.begin(), report.scenarios.end(),
                       [cls](const Scenario& scenario) { return scenario.run.classes[cls].whole.offered > 0; });
}

std::optional<double> kept(const Scenario& scenario, std::size_t cls) {
    if (!scenario.calm) return std::nullopt;
    const Tally& calm = scenario.calm->classes[cls].during;
    const Tally& during = scenario.run.classes[cls].during;
    if (calm.good == 0 || calm.offered != during.offered) return std::nullopt;
    return static_cast<double>(during.good) / static_cast<double>(calm.good);
}

std::optional<std::optional<std::uint32_t>> recovery_of(const Report& report, const Scenario& scenario,
                                                        std::size_t cls) {
    if (!scenario.calm || !report.window) return std::nullopt;
    const ClassRun& calm = scenario.calm->classes[cls];
    if (!shows_recovery(calm, *report.window)) return std::nullopt;
    return recovery(scenario.run.classes[cls], calm, *report.window);
}

std::string to_text(Report& report) {
    std::vector<Row> rows{{"class", "controller", "offered", "served", "degraded", "refused", "failed", "good", "kept",
                           "first token p50", "p95", "p99", "calm p99", "clients all/part/none", "retries", "wasted",
                           "recovery"}};
    for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
        if (!is_offered(report, cls)) continue;
        for (Scenario& scenario : report.scenarios) rows.push_back(table_row(report, scenario, cls));
    }
    std::string text = report.about + "\n";
    if (report.window) {
        text += fmt::format("The table is of the requests that arrived {}, from {:g} s to {:g} s.\n", report.trouble,
                            seconds(report.window->from), seconds(report.window->to));
    }
    // The column is left out where no policy has rules.
    constexpr std::ptrdiff_t kDegradedColumn = 4;
    for (Row& row : rows) {
        if (!has_degraded(report)) row.erase(row.begin() + kDegradedColumn);
    }
    text += "\n" + align(rows, 2);
    return text + reasons(report) + bought(report) + prefixes(report);
}

}  // namespace weir::simulate
