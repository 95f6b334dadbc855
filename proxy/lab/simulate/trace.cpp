#include "lab/simulate/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <istream>
#include <utility>

#include "base/stable_hash.hpp"
#include "lab/simulate/random.hpp"
#include "lab/simulate/trace_csv.hpp"

namespace weir::simulate {
namespace {

constexpr double kLongestTrace = 366.0 * 86'400;  // seconds
constexpr std::uint64_t kMaxTokens = 16'777'216;  // of one prompt or answer
constexpr std::size_t kMaxHints = 256;            // as many as there may be classes
// The number of the random question asked here; other files count theirs from 0, from 1 << 32 and from 2 << 32.
constexpr std::uint64_t kWhole = 3ULL << 32;

Error at_line(std::string_view name, std::size_t line, std::string_view what) {
    return Error{fmt::format("{}:{}: {}", name, line, what)};
}

void strip_return(std::string& line) {
    if (line.ends_with('\r')) line.pop_back();
}

}  // namespace

std::optional<Error> TraceReader::read(std::istream& text, std::string_view name) {
    std::string first;
    if (!std::getline(text, first)) return Error{fmt::format("{}: the trace is empty", name)};
    strip_return(first);
    return first.starts_with('{') ? read_jsonl(text, name, std::move(first)) : read_csv(text, name, std::move(first));
}

std::optional<Error> TraceReader::read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return Error{fmt::format("{}: cannot be read", path)};
    return read(file, path);
}

std::optional<Error> TraceReader::read_csv(std::istream& text, std::string_view name, std::string line) {
    TraceCsv csv(kNoHint);
    if (const std::string wrong = csv.read_header(line); !wrong.empty()) return at_line(name, 1, wrong);
    for (std::size_t count = 2; std::getline(text, line); ++count) {
        strip_return(line);
        TraceRow row;
        std::string wrong = csv.read_row(line, row);
        if (wrong.empty()) wrong = add(row);
        if (!wrong.empty()) return at_line(name, count, wrong);
    }
    return std::nullopt;
}

std::optional<Error> TraceReader::read_jsonl(std::istream& text, std::string_view name, std::string line) {
    std::size_t count = 0;
    do {
        strip_return(line);
        ++count;
        boost::system::error_code error;
        const boost::json::value value = boost::json::parse(line, error);
        const auto* object = error ? nullptr : value.if_object();
        if (object == nullptr) return at_line(name, count, "not a JSON object");
        std::string wrong;
        const auto amount = [&](const char* key) {
            const auto* found = object->if_contains(key);
            boost::system::error_code not_a_number;
            const double result = found == nullptr ? -1 : found->to_number<double>(not_a_number);
            if (found == nullptr || not_a_number || !(result >= 0) || result > 1e15) {
                wrong = fmt::format("'{}' is missing or not a number of zero or more", key);
                return 0.0;
            }
            return result;
        };
        const auto words = [&](const char* key, std::string_view otherwise) {
            const auto* found = object->if_contains(key);
            if (found == nullptr) return otherwise;
            const auto* string = found->if_string();
            if (string == nullptr) wrong = fmt::format("'{}' is not a text", key);
            return string == nullptr ? otherwise : std::string_view(*string);
        };
        const TraceRow row{amount("timestamp") / 1000,
                           static_cast<std::uint64_t>(amount("input_length")),
                           static_cast<std::uint64_t>(amount("output_length")),
                           words("class", kNoHint),
                           words("client", {}),
                           words("conversation", {}),
                           {},
                           0,
                           {}};
        if (wrong.empty()) wrong = add(row);
        if (!wrong.empty()) return at_line(name, count, wrong);
    } while (std::getline(text, line));
    return std::nullopt;
}

std::string TraceReader::add(const TraceRow& row) {
    if (!(row.arrival >= 0 && row.arrival <= kLongestTrace)) return "an arrival is at 0 s or later, within a year";
    if (row.prompt > kMaxTokens || row.output > kMaxTokens) return fmt::format("more than {} tokens", kMaxTokens);
    if (row.hint.empty()) return "the class is empty";
    if (row.prefix_tokens > row.prompt) return "the prefix is longer than the prompt";
    const bool whole = row.streams == "0";
    if (!row.streams.empty() && !whole && row.streams != "1") return "stream is 1 or 0";
    if (row.hint.find('"') != std::string_view::npos) return "quotes have no meaning here";
    auto hint = std::find(trace_.hints.begin(), trace_.hints.end(), row.hint);
    if (hint == trace_.hints.end()) {
        if (trace_.hints.size() == kMaxHints) return fmt::format("more than {} different classes", kMaxHints);
        hint = trace_.hints.emplace(hint, row.hint);
    }
    trace_.requests.push_back({.arrival = from_seconds(row.arrival),
                               .number = trace_.requests.size(),
                               .prompt_tokens = static_cast<std::uint32_t>(std::max<std::uint64_t>(row.prompt, 1)),
                               .output_tokens = static_cast<std::uint32_t>(std::max<std::uint64_t>(row.output, 1)),
                               .client = client_of(row.client),
                               .hint = static_cast<std::uint16_t>(hint - trace_.hints.begin()),
                               .lineage = lineage_of(row),
                               .streams = row.streams.empty() ? Streams::unsaid
                                          : whole             ? Streams::no
                                                              : Streams::yes});
    return {};
}

// By the hash of their names: no table of them is needed, and two of them never meet in practice.
Lineage TraceReader::lineage_of(const TraceRow& row) {
    const auto name = [](std::string_view text) { return text.empty() ? 0 : StableHash::of(text); };
    return {name(row.conversation), name(row.prefix), static_cast<std::uint32_t>(row.prefix_tokens)};
}

std::uint32_t TraceReader::client_of(std::string_view name) {
    if (name.empty()) return kNoClient;
    const auto [found, is_new] = clients_.emplace(name, trace_.clients);
    if (is_new) ++trace_.clients;
    return found->second;
}

Trace TraceReader::take() {
    const auto earlier = [](const TraceRequest& a, const TraceRequest& b) { return a.arrival < b.arrival; };
    std::stable_sort(trace_.requests.begin(), trace_.requests.end(), earlier);
    clients_.clear();
    return std::exchange(trace_, {});
}

void draw_streams(Trace& trace, const std::vector<double>& unstreamed, std::uint64_t seed) {
    for (TraceRequest& request : trace.requests) {
        if (request.streams != Streams::unsaid) continue;
        const bool whole = uniform(seed, request.number, kWhole) < unstreamed[request.hint];
        request.streams = whole ? Streams::no : Streams::yes;
    }
}

void share_prefixes(Trace& trace, double share) {
    for (TraceRequest& request : trace.requests) {
        if (request.lineage.prefix != 0) continue;
        request.lineage.prefix = mix(request.hint);
        request.lineage.prefix_tokens = static_cast<std::uint32_t>(share * request.prompt_tokens);
    }
}

void speed_up(Trace& trace, double speed) {
    for (TraceRequest& request : trace.requests) request.arrival = from_seconds(seconds(request.arrival) / speed);
}

}  // namespace weir::simulate
