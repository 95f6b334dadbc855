#include "cli/simulation_setup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "lab/simulate/surge.hpp"
#include "numbering/numbered_policy.hpp"
#include "policy/forms/suggest.hpp"

namespace weir::cli {
namespace {

// Of the answers of a trace that does not say. Chat streams, and most of what programs ask does not: our estimate, as
// no published trace says.
constexpr double kUnstreamed = 0.3;

// Of the steps of an engine: measured ones of the same batch vary by some 20 %.
constexpr double kStepNoise = 0.2;

std::string listed(const std::vector<std::string>& words) { return fmt::format("'{}'", fmt::join(words, "', '")); }

std::optional<ClassId> class_named(const SimulationSetup& setup, std::string_view name) {
    if (std::find(setup.classes.begin(), setup.classes.end(), name) == setup.classes.end()) return std::nullopt;
    const auto found = std::find(setup.names.begin(), setup.names.end(), name);
    return static_cast<ClassId>(found - setup.names.begin());
}

Error unknown_class(const SimulationSetup& setup, std::string_view what, const std::string& name) {
    const std::string near = policy::closest(name, std::span(setup.classes));
    return Error{fmt::format("{} '{}': the policy's classes are {}{}", what, name, listed(setup.classes),
                             near.empty() ? "" : fmt::format("; did you mean '{}'?", near))};
}

Result<simulate::EngineConfig> engine_of(const SimulateFlags& flags) {
    simulate::EngineConfig engine = *simulate::engine_preset(flags.preset);
    engine.step_noise = kStepNoise;
    if (const auto error = simulate::set_engine(engine, flags.engine)) return *error;
    return engine;
}

// As many endpoints as the flag says, like the first; 0: the policy's own.
void multiply_endpoint(upstream::BackendConfig& backend, std::uint32_t count) {
    if (count == 0) return;
    const upstream::EndpointConfig first = backend.endpoints.front();
    backend.endpoints.assign(count, first);
    for (std::uint32_t i = 1; i < count; ++i) backend.endpoints[i].url += fmt::format("#{}", i + 1);
}

// What the policy says of the engines, in multiples of the truth.
struct Told {
    double requests = 1;
    double context_tokens = 1;
};

Result<Told> told_of(const SimulateFlags& flags) {
    Told told;
    std::string_view text = flags.told;
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const std::size_t equals = entry.find('=');
        const std::string_view key = entry.substr(0, equals);
        double factor = 0;
        const bool known = key == "requests" || key == "context_tokens";
        if (!known || equals == std::string_view::npos ||
            !CLI::detail::lexical_cast(std::string(entry.substr(equals + 1)), factor) ||
            !(factor >= 0.01 && factor <= 100)) {
            return Error{fmt::format("--told '{}': write requests=2, context_tokens=0.5 or both", entry)};
        }
        (key == "requests" ? told.requests : told.context_tokens) = factor;
    }
    return told;
}

void fill_backends(SimulationSetup& setup, const numbering::NumberedPolicy& numbered, const SimulateFlags& flags,
                   const simulate::EngineConfig& engine, const Told& told) {
    admission::Parts parts;
    for (const std::string& part : flags.without) parts.remove(*admission::part_named(part));
    for (std::size_t i = 0; i < numbered.backends.size(); ++i) {
        admission::JudgeConfig config = numbering::judge_config(numbered, i);
        for (admission::JudgeEndpoint& endpoint : config.endpoints) {
            if (numbered.policy.backends[i].context_tokens.read) endpoint.context_tokens = engine.kv_tokens;
            const auto times = [](auto value, double factor) {
                return static_cast<decltype(value)>(std::max(1.0, std::round(static_cast<double>(value) * factor)));
            };
            endpoint.requests = times(endpoint.requests, told.requests);
            if (endpoint.context_tokens > 0)
                endpoint.context_tokens = times(endpoint.context_tokens, told.context_tokens);
        }
        config.parts = parts;
        setup.backends.push_back(std::move(config));
    }
}

void fill_classes(SimulationSetup& setup, const numbering::NumberedPolicy& numbered) {
    for (const admission::JudgeClass& entry : numbering::judge_classes(numbered)) {
        setup.classes.push_back(entry.config.name);
        auto rules = numbering::degrade_rules(numbered, entry.config.name);
        if (rules.empty()) continue;
        const std::size_t at = index(entry.id);
        if (setup.degrade.size() <= at) setup.degrade.resize(at + 1);
        setup.degrade[at] = std::move(rules);
    }
}

}  // namespace

Result<SimulationSetup> make_setup(policy::Policy policy, const SimulateFlags& flags,
                                   numbering::NameTable<ClassId>& classes) {
    const auto engine = engine_of(flags);
    if (!engine) return engine.error();
    const auto told = told_of(flags);
    if (!told) return told.error();
    SimulationSetup setup;
    for (upstream::BackendConfig& backend : policy.backends) {
        setup.tells_engine |= backend.priority != upstream::EnginePriority::strip;
        multiply_endpoint(backend, flags.endpoints);
        for (const auto& endpoint : backend.endpoints) setup.endpoints.push_back(endpoint.url);
    }
    // All but classes are numbered anew for each policy: a simulation has its own and no others.
    numbering::Names names;
    names.classes = std::move(classes);
    auto numbered = numbering::number(std::move(policy), names);
    classes = std::move(names.classes);
    if (!numbered) return Error{"the policies have more classes than there can be"};
    setup.names = classes.names();
    setup.uses = std::move(numbered->uses);
    fill_backends(setup, *numbered, flags, *engine, *told);
    fill_classes(setup, *numbered);
    return setup;
}

Result<std::vector<ClassId>> map_hints(const simulate::Trace& trace, const SimulationSetup& setup,
                                       const SimulateFlags& flags) {
    std::vector<std::pair<std::string, std::string>> given;
    for (const std::string& entry : flags.hints) {
        const std::size_t equals = entry.find('=');
        if (equals == std::string::npos) return Error{fmt::format("--class '{}' is not HINT=CLASS", entry)};
        given.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
        if (!class_named(setup, given.back().second)) return unknown_class(setup, "--class", given.back().second);
        if (std::find(trace.hints.begin(), trace.hints.end(), given.back().first) == trace.hints.end()) {
            return Error{fmt::format("--class '{}': the trace's classes are {}", entry, listed(trace.hints))};
        }
    }
    std::vector<ClassId> classes;
    for (const std::string& hint : trace.hints) {
        const auto mapped =
            std::find_if(given.begin(), given.end(), [&](const auto& entry) { return entry.first == hint; });
        const auto cls = class_named(setup, mapped == given.end() ? hint : mapped->second);
        if (!cls) {
            Error error = unknown_class(setup, "the trace has the class", hint);
            const std::string near = policy::closest(hint, std::span(setup.classes));
            error.message += fmt::format("; the trace's are {}; say which is which with --class {}={}",
                                         listed(trace.hints), hint, near.empty() ? setup.classes.front() : near);
            return error;
        }
        classes.push_back(*cls);
    }
    return classes;
}

Result<simulate::Trace> read_traces(const std::vector<std::string>& files, double speed) {
    simulate::TraceReader reader;
    for (const std::string& file : files) {
        if (auto error = reader.read_file(file)) return *error;
    }
    simulate::Trace trace = reader.take();
    if (trace.requests.empty()) return Error{fmt::format("{}: no requests", fmt::join(files, ", "))};
    simulate::speed_up(trace, speed);
    return trace;
}

std::optional<Error> add_streams(simulate::Trace& trace, const std::vector<ClassId>& classes,
                                 const SimulationSetup& setup, const SimulateFlags& flags) {
    std::vector<double> shares(trace.hints.size(), kUnstreamed);
    for (const std::string& entry : flags.unstreamed) {
        const std::size_t equals = entry.find('=');
        const bool is_for_all = equals == std::string::npos;
        double share = 0;
        if (!CLI::detail::lexical_cast(is_for_all ? entry : entry.substr(equals + 1), share) ||
            !(share >= 0 && share <= 1)) {
            return Error{fmt::format("--unstreamed '{}': write a share from 0 to 1, or CLASS=SHARE", entry)};
        }
        const std::string name = is_for_all ? std::string() : entry.substr(0, equals);
        const auto cls = class_named(setup, name);
        if (!is_for_all && !cls) return unknown_class(setup, "--unstreamed", name);
        for (std::size_t i = 0; i < shares.size(); ++i) {
            if (is_for_all || classes[i] == *cls) shares[i] = share;
        }
    }
    simulate::draw_streams(trace, shares, flags.seed);
    return std::nullopt;
}

std::optional<Error> add_surges(simulate::Trace& trace, const std::vector<ClassId>& classes,
                                const SimulationSetup& setup, const SimulateFlags& flags) {
    for (const std::string& text : flags.surges) {
        auto surge = simulate::parse_surge(text);
        if (!surge) return Error{fmt::format("--surge '{}': write CLASS=10x@120s+60s", text)};
        const auto cls = class_named(setup, surge->hint);
        std::size_t count = 0;
        const std::string name = surge->hint;
        surge->same_clients = flags.same_clients;
        for (std::size_t i = 0; i < trace.hints.size(); ++i) {
            if (trace.hints[i] != name && !(cls && classes[i] == *cls)) continue;
            surge->hint = trace.hints[i];
            count += simulate::apply_surge(trace, *surge, flags.seed);
        }
        if (count == 0 && surge->factor > 0) {
            return Error{fmt::format("--surge '{}': the trace has no request of '{}' then; its classes are {}", text,
                                     name, listed(trace.hints))};
        }
    }
    return std::nullopt;
}

Result<simulate::SimulationConfig> make_config(const SimulationSetup& setup, const SimulateFlags& flags) {
    simulate::SimulationConfig config;
    config.backends = setup.backends;
    config.degrade = setup.degrade;
    auto engine = engine_of(flags);
    if (!engine) return engine.error();
    config.engine = *engine;
    if (flags.queue == "priority" || (flags.queue.empty() && setup.tells_engine)) {
        config.engine.order = simulate::QueueOrder::priority;
    }
    config.retries = !flags.no_retries;
    config.give_up = from_seconds(flags.give_up);
    config.seed = flags.seed;
    config.estimate_error = flags.estimate_error;
    config.gauges = {from_seconds(flags.gauge_age), flags.gauge_noise};
    config.timeline = !flags.report.empty();
    for (const std::string& text : flags.losses) {
        const auto timed = simulate::parse_timed(text);
        if (!timed) return Error{fmt::format("--lose '{}': write ENDPOINT@60s+30s", text)};
        std::size_t place = 0;
        for (std::size_t i = 0; i < setup.endpoints.size(); ++i) {
            if (timed->what == setup.endpoints[i] || timed->what == std::to_string(i + 1)) place = i + 1;
        }
        if (place == 0) {
            return Error{fmt::format("--lose '{}': there is no such endpoint; say a number from 1 to {}, or one of {}",
                                     text, setup.endpoints.size(), listed(setup.endpoints))};
        }
        config.losses.push_back({static_cast<EndpointId>(place - 1), timed->window});
    }
    config.speeds = flags.speeds;
    for (const std::string& text : flags.slowdowns) {
        const auto timed = simulate::parse_timed(text);
        double factor = 0;
        if (!timed || !CLI::detail::lexical_cast(timed->what, factor) || !(factor >= 0.001 && factor <= 1000)) {
            return Error{fmt::format("--slow '{}': write 0.5@60s+30s, half the speed from 60 s on for 30 s", text)};
        }
        config.slowdowns.push_back({factor, timed->window});
    }
    return config;
}

}  // namespace weir::cli
