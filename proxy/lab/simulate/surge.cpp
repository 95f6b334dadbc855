#include "lab/simulate/surge.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_map>

#include "lab/simulate/random.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;

constexpr double kLargestFactor = 10'000;

// The numbers of the random questions asked here; other files count theirs from 0.
constexpr std::uint64_t kCoin = 1ULL << 32;
constexpr std::uint64_t kInstant = 2ULL << 32;

std::optional<double> leading_number(std::string_view& text) {
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || !(value >= 0) || value > 1e9) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return value;
}

std::optional<Duration> parse_time(std::string_view text) {
    const auto value = leading_number(text);
    if (!value) return std::nullopt;
    if (text == "ms") return from_seconds(*value / 1000);
    if (text == "s" || text.empty()) return from_seconds(*value);
    if (text == "m" || text == "min") return from_seconds(*value * 60);
    if (text == "h") return from_seconds(*value * 3600);
    return std::nullopt;
}

// Whole seconds to the requests that arrive in them, by hint's name.
std::map<std::pair<std::int64_t, std::string_view>, std::int64_t> by_second(const Trace& trace) {
    std::map<std::pair<std::int64_t, std::string_view>, std::int64_t> counts;
    for (const TraceRequest& request : trace.requests) {
        ++counts[{std::chrono::floor<std::chrono::seconds>(request.arrival).count(), trace.hints[request.hint]}];
    }
    return counts;
}

}  // namespace

std::optional<Timed> parse_timed(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const std::size_t plus = text.find('+', at == std::string_view::npos ? 0 : at);
    if (at == std::string_view::npos || at == 0 || plus == std::string_view::npos) return std::nullopt;
    const auto start = parse_time(text.substr(at + 1, plus - at - 1));
    const auto length = parse_time(text.substr(plus + 1));
    if (!start || !length || *length == 0s) return std::nullopt;
    return Timed{std::string(text.substr(0, at)), {*start, *start + *length}};
}

std::optional<Surge> parse_surge(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const auto timed = parse_timed(text.substr(equals + 1));
    if (!timed) return std::nullopt;
    std::string_view rest = timed->what;
    const auto factor = leading_number(rest);
    if (!factor || rest != "x" || *factor > kLargestFactor) return std::nullopt;
    return Surge{std::string(text.substr(0, equals)), *factor, timed->window};
}

std::size_t apply_surge(Trace& trace, const Surge& surge, std::uint64_t seed) {
    std::vector<TraceRequest> result;
    result.reserve(trace.requests.size());
    std::unordered_map<std::uint64_t, std::uint32_t> repeated_clients;
    const auto client_of = [&](std::uint32_t client, std::uint64_t repetition) {
        if (client == kNoClient || repetition == 0 || surge.same_clients) return client;
        const auto [found, is_new] = repeated_clients.emplace(repetition << 32 | client, trace.clients);
        if (is_new) ++trace.clients;
        return found->second;
    };
    Duration next = surge.window.to;  // the class's next own arrival, going backwards
    std::size_t count = 0;
    for (auto request = trace.requests.rbegin(); request != trace.requests.rend(); ++request) {
        if (trace.hints[request->hint] != surge.hint || !surge.window.has(request->arrival)) {
            result.push_back(*request);
            continue;
        }
        const double whole = std::floor(surge.factor);
        const bool one_more = uniform(seed, request->number, kCoin) < surge.factor - whole;
        const auto copies = static_cast<std::uint64_t>(whole) + (one_more ? 1 : 0);
        for (std::uint64_t i = 0; i < copies; ++i) {
            TraceRequest copy = *request;
            if (i > 0) {
                const double share = uniform(seed, request->number, kInstant + i);
                copy.arrival += from_seconds(share * seconds(next - request->arrival));
                copy.number = mix(request->number ^ mix(i));
                copy.client = client_of(request->client, i);
                if (copy.lineage.conversation != 0) copy.lineage.conversation = mix(copy.lineage.conversation ^ mix(i));
            }
            result.push_back(copy);
        }
        next = request->arrival;
        count += copies;
    }
    const auto earlier = [](const TraceRequest& a, const TraceRequest& b) {
        return std::pair(a.arrival, a.number) < std::pair(b.arrival, b.number);
    };
    std::sort(result.begin(), result.end(), earlier);
    trace.requests = std::move(result);
    return count;
}

std::optional<Window> difference(const Trace& trace, const Trace& calm) {
    auto counts = by_second(trace);
    for (const auto& [second, count] : by_second(calm)) counts[second] -= count;
    std::erase_if(counts, [](const auto& entry) { return entry.second == 0; });
    if (counts.empty()) return std::nullopt;
    return Window{std::chrono::seconds(counts.begin()->first.first),
                  std::chrono::seconds(counts.rbegin()->first.first + 1)};
}

}  // namespace weir::simulate
