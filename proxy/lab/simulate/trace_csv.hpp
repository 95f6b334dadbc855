#pragma once
// The rows of a trace in CSV, by the words of its header: ours, or those that published traces have.
//
//   arrival_s,prompt_tokens,output_tokens,class,...                          ours (trace.hpp)
//   TIMESTAMP,ContextTokens,GeneratedTokens                                  Azure LLM inference 2023 and 2024
//   Timestamp,[Session ID,Elapsed time,]Model,Request tokens,...,Log Type    BurstGPT: its sessions are conversations,
//                                                                            its log types are classes
//   arrival_s,...,cached_prompt_tokens,prefix_group                          a cut of Mooncake's: prefixes
//
// Published times are dates, or seconds from an origin of their own: they are taken from the file's first row on.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::simulate {

// One request as it is written.
struct TraceRow {
    double arrival = 0;  // seconds
    std::uint64_t prompt = 0;
    std::uint64_t output = 0;
    std::string_view hint;
    std::string_view client;
    std::string_view conversation;
    std::string_view prefix;
    std::uint64_t prefix_tokens = 0;
    std::string_view streams;  // 1, 0 or nothing
};

class TraceCsv {
public:
    // `otherwise`: the class of all rows where no column has one.
    explicit TraceCsv(std::string_view otherwise) : otherwise_(otherwise) {}

    // Nothing, or what is wrong with the header.
    [[nodiscard]] std::string read_header(std::string_view header);
    // Nothing, or what is wrong with the line; the row's texts point into `line`.
    [[nodiscard]] std::string read_row(std::string_view line, TraceRow& row);

private:
    enum Column : std::size_t { arrival, prompt, output, cls, client, conversation, prefix, prefix_tokens, stream };
    static constexpr std::size_t kColumns = 9;

    [[nodiscard]] std::optional<double> time_of(std::string_view text);

    std::array<std::optional<std::size_t>, kColumns> places_;  // in a line
    std::string_view otherwise_;
    std::size_t count_ = 0;
    bool is_published_ = false;   // not ours: times have an origin, and need not have classes
    std::optional<double> zero_;  // of published times
};

}  // namespace weir::simulate
