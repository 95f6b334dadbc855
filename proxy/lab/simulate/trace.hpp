#pragma once
// A recorded or generated trace: which client asks when, with how long a prompt, for how long an answer.
//
// Two forms are read, distinguished by their first character, and several files may be merged into one trace:
//   CSV     arrival_s,prompt_tokens,output_tokens,class[,client][,stream][,conversation][,prefix,prefix_tokens]
//           the header names the columns, in any order; or as Azure and BurstGPT publish them (trace_csv.hpp)
//   JSONL   {"timestamp": ms, "input_length": n, "output_length": n}  as Mooncake publishes them; `class`, `client` and
//           `conversation` are read if present, other keys are ignored
//
// The class is a hint: its meaning in a policy is up to the caller. A request without a client is a client of its own.
// The prompt of a request of a conversation begins with all prompts and answers of it before; requests of one `prefix`
// begin with the same `prefix_tokens`. `stream` is 1 where the answer is streamed, 0 where it comes as a whole; most
// traces do not say (draw_streams()). Reading is strict: the first line that is not understood is an error that names
// it (file:line).

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "lab/simulate/prefix_cache.hpp"

namespace weir::simulate {

inline constexpr std::uint32_t kNoClient = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::string_view kNoHint = "unclassified";  // the hint of requests that carry no class

enum class Streams : std::uint8_t { unsaid, yes, no };

struct TraceRequest {
    Duration arrival{};        // from the start of the trace
    std::uint64_t number = 0;  // identifies the request, whatever is added beside it; its randomness is drawn by it
    std::uint32_t prompt_tokens = 1;
    std::uint32_t output_tokens = 1;
    std::uint32_t client = kNoClient;  // below Trace::clients
    std::uint16_t hint = 0;            // index into Trace::hints
    Lineage lineage{};                 // what the prompt repeats of others
    Streams streams = Streams::unsaid;
};

struct Trace {
    std::vector<TraceRequest> requests;  // by arrival; equals in the order in which they were read
    std::vector<std::string> hints;
    std::uint32_t clients = 0;
};

struct TraceRow;

// Collects files into one trace.
class TraceReader {
public:
    // Reads one file's text. `name` is what errors call it.
    [[nodiscard]] std::optional<Error> read(std::istream& text, std::string_view name);
    [[nodiscard]] std::optional<Error> read_file(const std::string& path);

    // What was read, sorted. The reader is empty afterwards.
    [[nodiscard]] Trace take();

private:
    [[nodiscard]] std::optional<Error> read_csv(std::istream& text, std::string_view name, std::string line);
    [[nodiscard]] std::optional<Error> read_jsonl(std::istream& text, std::string_view name, std::string line);
    // Nothing, or what is wrong with it.
    [[nodiscard]] std::string add(const TraceRow& row);
    [[nodiscard]] static Lineage lineage_of(const TraceRow& row);
    [[nodiscard]] std::uint32_t client_of(std::string_view name);

    Trace trace_;
    std::unordered_map<std::string, std::uint32_t> clients_;
};

// Decides for each request that does not say it whether its answer is streamed: by the share of its hint that is not.
// The same for a request whatever is added beside it. REQUIRES: a share for each hint.
void draw_streams(Trace& trace, const std::vector<double>& unstreamed, std::uint64_t seed);

// Makes the first `share` of each prompt one that all requests of its hint begin with, where it has no prefix.
void share_prefixes(Trace& trace, double share);

// The same requests, arriving `speed` times as fast. REQUIRES: speed > 0.
void speed_up(Trace& trace, double speed);

}  // namespace weir::simulate
