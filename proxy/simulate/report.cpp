#include "simulate/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace weir::simulate {
namespace {

namespace json = boost::json;
using Row = std::vector<std::string>;

std::string percent(std::optional<double> share) { return share ? fmt::format("{:.2f} %", 100 * *share) : "-"; }

std::string length(std::optional<double> time) {
    if (!time) return "-";
    return *time < 1 ? fmt::format("{:.0f} ms", 1000 * *time) : fmt::format("{:.2f} s", *time);
}

// Good answers in the window, of those in the calm twin.
std::optional<double> kept(const Scenario& scenario, std::size_t cls) {
    if (!scenario.calm) return std::nullopt;
    const auto calm = scenario.calm->classes[cls].during.good;
    if (calm == 0) return std::nullopt;
    return static_cast<double>(scenario.run.classes[cls].during.good) / static_cast<double>(calm);
}

// Nothing where it cannot be told; else what recovery() says.
std::optional<std::optional<std::uint32_t>> recovery_of(const Report& report, const Scenario& scenario,
                                                        std::size_t cls) {
    if (!scenario.calm || !report.window) return std::nullopt;
    const ClassRun& calm = scenario.calm->classes[cls];
    if (!shows_recovery(calm, *report.window)) return std::nullopt;
    return recovery(scenario.run.classes[cls], calm, *report.window);
}

std::string recovery_text(const Report& report, const Scenario& scenario, std::size_t cls) {
    const auto known = recovery_of(report, scenario, cls);
    if (!known) return "-";
    return *known ? fmt::format("{} s", **known) : "not seen";
}

Row table_row(const Report& report, Scenario& scenario, std::size_t cls) {
    ClassRun& run = scenario.run.classes[cls];
    Tally& tally = run.during;
    // Of a class that is itself the surge, the share would say how large the surge was.
    const bool surged = scenario.calm && scenario.calm->classes[cls].during.offered != tally.offered;
    Row row{report.classes[cls],
            scenario.controller,
            std::to_string(tally.offered),
            std::to_string(tally.served),
            std::to_string(tally.refused()),
            std::to_string(tally.failed()),
            percent(tally.goodput()),
            surged ? "-" : percent(kept(scenario, cls)),
            length(tally.first_token(0.5)),
            length(tally.first_token(0.95)),
            length(tally.first_token(0.99)),
            scenario.calm ? length(scenario.calm->classes[cls].during.first_token(0.99)) : "-"};
    const bool clients = run.clients_whole + run.clients_partly + run.clients_not > 0;
    row.push_back(clients ? fmt::format("{}/{}/{}", run.clients_whole, run.clients_partly, run.clients_not) : "-");
    row.push_back(std::to_string(tally.retries));
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

// Why requests were not served: a line a class and controller.
std::string reasons(const Report& report, std::size_t cls) {
    std::string text;
    for (const Scenario& scenario : report.scenarios) {
        const Tally& tally = scenario.run.classes[cls].during;
        std::vector<std::pair<std::uint64_t, std::string_view>> found;
        for (std::size_t i = 0; i < kReasonCount; ++i) {
            if (tally.unserved[i] > 0) found.emplace_back(tally.unserved[i], kReasons[i].name);
        }
        if (found.empty()) continue;
        std::sort(found.rbegin(), found.rend());
        text += fmt::format("  {} with {}: ", report.classes[cls], scenario.controller);
        for (std::size_t i = 0; i < found.size(); ++i) {
            text += fmt::format("{}{} {}", i > 0 ? ", " : "", found[i].second, found[i].first);
        }
        text += "\n";
    }
    return text;
}

bool is_offered(const Report& report, std::size_t cls) {
    return std::any_of(report.scenarios.begin(), report.scenarios.end(),
                       [cls](const Scenario& scenario) { return scenario.run.classes[cls].whole.offered > 0; });
}

json::value optional_number(std::optional<double> number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::object tally_object(Tally& tally) {
    json::object unserved;
    for (std::size_t i = 0; i < kReasonCount; ++i) {
        if (tally.unserved[i] > 0) unserved[kReasons[i].name] = tally.unserved[i];
    }
    return {{"offered", tally.offered},
            {"served", tally.served},
            {"good", tally.good},
            {"refused", tally.refused()},
            {"failed", tally.failed()},
            {"unserved_by_reason", std::move(unserved)},
            {"retries", tally.retries},
            {"goodput", optional_number(tally.goodput())},
            {"first_token_p50_s", optional_number(tally.first_token(0.5))},
            {"first_token_p95_s", optional_number(tally.first_token(0.95))},
            {"first_token_p99_s", optional_number(tally.first_token(0.99))}};
}

json::object class_object(const Report& report, Scenario& scenario, std::size_t cls) {
    ClassRun& run = scenario.run.classes[cls];
    json::object object{
        {"class", report.classes[cls]}, {"surge", tally_object(run.during)}, {"whole", tally_object(run.whole)}};
    object["clients"] = {{"whole", run.clients_whole}, {"partly", run.clients_partly}, {"not", run.clients_not}};
    if (!scenario.calm) return object;
    object["calm"] = tally_object(scenario.calm->classes[cls].during);
    object["kept"] = optional_number(kept(scenario, cls));
    if (const auto known = recovery_of(report, scenario, cls)) {
        object["recovery_s"] = *known ? json::value(**known) : json::value(nullptr);
    }
    return object;
}

}  // namespace

std::string to_text(Report& report) {
    std::vector<Row> rows{{"class", "controller", "offered", "served", "refused", "failed", "good", "kept",
                           "first token p50", "p95", "p99", "calm p99", "clients all/part/none", "retries",
                           "recovery"}};
    std::string why;
    for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
        if (!is_offered(report, cls)) continue;
        for (Scenario& scenario : report.scenarios) rows.push_back(table_row(report, scenario, cls));
        why += reasons(report, cls);
    }
    std::string text = report.about + "\n";
    if (report.window) {
        text += fmt::format("The table is of the requests that arrived in the surge, from {:g} s to {:g} s.\n",
                            seconds(report.window->from), seconds(report.window->to));
    }
    text += "\n" + align(rows, 2);
    if (!why.empty()) text += "\nNot served, by the reason of the last try:\n" + why;
    return text;
}

std::string to_json(Report& report) {
    json::array scenarios;
    for (Scenario& scenario : report.scenarios) {
        json::array classes;
        for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
            if (is_offered(report, cls)) classes.push_back(class_object(report, scenario, cls));
        }
        scenarios.push_back({{"controller", scenario.controller},
                             {"length_s", seconds(scenario.run.length)},
                             {"tries", scenario.run.tries},
                             {"classes", std::move(classes)}});
    }
    json::object object{{"about", report.about}, {"scenarios", std::move(scenarios)}};
    if (report.window) {
        object["window"] = {{"from_s", seconds(report.window->from)}, {"to_s", seconds(report.window->to)}};
    }
    return json::serialize(object) + "\n";
}

}  // namespace weir::simulate
