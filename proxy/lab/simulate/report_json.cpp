// The report for programs and for the page.

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "lab/simulate/page/text.hpp"
#include "lab/simulate/report.hpp"

namespace weir::simulate {
namespace {

namespace json = boost::json;

// Three digits are more than a plot shows, and keep the page small.
double rounded(double value) {
    if (value == 0) return 0;
    const double power = std::pow(10, 2 - std::floor(std::log10(std::abs(value))));
    return std::round(value * power) / power;
}

json::array plotted(const std::vector<double>& values) {
    json::array array;
    for (const double value : values) array.push_back(rounded(value));
    return array;
}

json::array plotted(const std::vector<std::optional<double>>& values) {
    json::array array;
    for (const auto& value : values) array.push_back(value ? json::value(rounded(*value)) : json::value(nullptr));
    return array;
}

json::array plotted(const std::vector<std::uint32_t>& values) { return json::array(values.begin(), values.end()); }

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
            {"degraded", tally.degraded},
            {"refused", tally.refused()},
            {"failed", tally.failed()},
            {"unserved_by_reason", std::move(unserved)},
            {"retries", tally.retries},
            {"goodput", optional_number(tally.goodput())},
            {"computed_tokens", tally.computed},
            {"wasted_tokens", tally.wasted},
            {"waste", optional_number(tally.waste())},
            {"first_token_p50_s", optional_number(tally.first_token(0.5))},
            {"first_token_p95_s", optional_number(tally.first_token(0.95))},
            {"first_token_p99_s", optional_number(tally.first_token(0.99))}};
}

// Of the served, in ascending order, to a tenth of a millisecond.
json::array first_tokens(const Tally& tally) {
    std::vector<float> sorted = tally.first_tokens;
    std::sort(sorted.begin(), sorted.end());
    json::array array;
    for (const float value : sorted) array.push_back(std::round(1e4 * static_cast<double>(value)) / 1e4);
    return array;
}

json::object prefix_object(const PrefixTally& tally) {
    return {{"prompt_tokens", tally.prompt_tokens},
            {"cached_tokens", tally.cached_tokens},
            {"cacheable_tokens", tally.cacheable_tokens},
            {"cached", tally.cached},
            {"cacheable", tally.cacheable}};
}

json::object class_object(const Report& report, Scenario& scenario, std::size_t cls) {
    ClassRun& run = scenario.run.classes[cls];
    json::object object{
        {"class", report.classes[cls]}, {"surge", tally_object(run.during)}, {"whole", tally_object(run.whole)}};
    // By the second of the arrival, so that any stretch of a surge can be looked at.
    object["good_by_second"] = plotted(run.good_by_second);
    object["clients"] = {{"whole", run.clients_whole}, {"partly", run.clients_partly}, {"not", run.clients_not}};
    if (report.first_tokens) object["first_tokens_s"] = first_tokens(run.during);
    if (!scenario.calm) return object;
    if (report.first_tokens) object["calm_first_tokens_s"] = first_tokens(scenario.calm->classes[cls].during);
    object["calm"] = tally_object(scenario.calm->classes[cls].during);
    object["calm_good_by_second"] = plotted(scenario.calm->classes[cls].good_by_second);
    object["kept"] = optional_number(kept(scenario, cls));
    if (const auto known = recovery_of(report, scenario, cls)) {
        object["recovery_s"] = *known ? json::value(**known) : json::value(nullptr);
    }
    return object;
}

json::object report_object(Report& report) {
    json::array scenarios;
    for (Scenario& scenario : report.scenarios) {
        json::array classes;
        for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
            if (is_offered(report, cls)) classes.push_back(class_object(report, scenario, cls));
        }
        const PrefixTally prefixes = prefixes_of(scenario.run);
        scenarios.push_back({{"name", scenario_name(report, scenario)},
                             {"controller", scenario.controller},
                             {"policy", scenario.policy},
                             {"length_s", seconds(scenario.run.length)},
                             {"tries", scenario.run.tries},
                             {"prefixes", prefix_object(prefixes)},
                             {"inflight", optional_number(scenario.run.spread.inflight())},
                             {"imbalance", optional_number(scenario.run.spread.imbalance())},
                             {"classes", std::move(classes)}});
    }
    json::object object{{"about", report.about}, {"scenarios", std::move(scenarios)}};
    if (report.window) {
        object["window"] = {
            {"from_s", seconds(report.window->from)}, {"to_s", seconds(report.window->to)}, {"what", report.trouble}};
    }
    return object;
}

json::object timeline_object(const Report& report, const Timeline& timeline) {
    json::array classes;
    for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
        if (!is_offered(report, cls)) continue;
        const Timeline::Class& of = timeline.classes[cls];
        classes.push_back({{"offered", plotted(of.offered)},
                           {"served", plotted(of.served)},
                           {"refused", plotted(of.refused)},
                           {"failed", plotted(of.failed)},
                           {"waiting", plotted(of.waiting)},
                           {"first_token_p50", plotted(of.first_token_p50)},
                           {"first_token_p99", plotted(of.first_token_p99)}});
    }
    return {{"width_s", seconds(timeline.width)},
            {"classes", std::move(classes)},
            {"inflight", plotted(timeline.inflight)},
            {"limit", plotted(timeline.limit)},
            {"slots", plotted(timeline.slots)},
            {"kv", plotted(timeline.kv)},
            {"prompts", plotted(timeline.prompts)},
            {"held_context", plotted(timeline.held_context)},
            {"held_prompts", plotted(timeline.held_prompts)}};
}

}  // namespace

std::string to_json(Report& report) { return json::serialize(report_object(report)) + "\n"; }

std::string to_page(Report& report) {
    json::object object = report_object(report);
    double length = 0;
    json::array& scenarios = object["scenarios"].as_array();
    for (std::size_t i = 0; i < scenarios.size(); ++i) {
        const Timeline& timeline = report.scenarios[i].run.timeline.value();
        length = std::max(length, seconds(timeline.width) * static_cast<double>(timeline.inflight.size()));
        scenarios[i].as_object()["timeline"] = timeline_object(report, timeline);
    }
    json::array classes;
    for (std::size_t cls = 0; cls < report.classes.size(); ++cls) {
        if (!is_offered(report, cls)) continue;
        const auto slo = cls < report.slos.size() ? report.slos[cls] : std::nullopt;
        classes.push_back(
            {{"name", report.classes[cls]}, {"slo_s", slo ? json::value(seconds(*slo)) : json::value(nullptr)}});
    }
    object["classes"] = std::move(classes);
    object["length_s"] = length;
    object["command"] = report.command;
    std::string data = json::serialize(object);
    // A name must not be able to close the element that holds the data.
    for (std::size_t at = data.find('<'); at != std::string::npos; at = data.find('<', at)) {
        data.replace(at, 1, "\\u003c");
    }
    std::string page(kPageText);
    return page.replace(page.find(kDataMark), kDataMark.size(), data);
}

}  // namespace weir::simulate
