#include "lab/simulate/trace_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

namespace weir::simulate {
namespace {

struct Word {
    std::string_view text;
    std::optional<std::size_t> column;  // nothing: of no use here
    bool is_published = false;
};

constexpr std::string_view kOurs =
    "arrival_s,prompt_tokens,output_tokens,class,client,conversation,prefix,prefix_tokens,stream";
constexpr std::array kRequired{std::string_view("arrival_s"), std::string_view("prompt_tokens"),
                               std::string_view("output_tokens"), std::string_view("class")};

constexpr std::array<Word, 22> kWords{{{"arrival_s", 0},
                                       {"prompt_tokens", 1},
                                       {"output_tokens", 2},
                                       {"class", 3},
                                       {"client", 4},
                                       {"conversation", 5},
                                       {"prefix", 6},
                                       {"prefix_tokens", 7},
                                       {"stream", 8},
                                       {"prefix_group", 6},
                                       {"cached_prompt_tokens", 7},
                                       {"TIMESTAMP", 0, true},
                                       {"ContextTokens", 1, true},
                                       {"GeneratedTokens", 2, true},
                                       {"Timestamp", 0, true},
                                       {"Request tokens", 1, true},
                                       {"Response tokens", 2, true},
                                       {"Log Type", 3, true},
                                       {"Session ID", 5, true},
                                       {"Elapsed time", std::nullopt, true},
                                       {"Model", std::nullopt, true},
                                       {"Total tokens", std::nullopt, true}}};

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

// `2023-11-16 18:15:46.6805900` or `2024-05-12 00:00:00+00:00`: seconds since 1970. Azure's are all in UTC.
std::optional<double> date_time(std::string_view text) {
    if (text.ends_with("+00:00")) text.remove_suffix(6);
    if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    const auto year = number<int>(text.substr(0, 4));
    const auto month = number<unsigned>(text.substr(5, 2));
    const auto day = number<unsigned>(text.substr(8, 2));
    const auto hour = number<int>(text.substr(11, 2));
    const auto minute = number<int>(text.substr(14, 2));
    const auto second = number<double>(text.substr(17));
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                           std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    return 86'400.0 * static_cast<double>(days) + 3600.0 * *hour + 60.0 * *minute + *second;
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> cells;
    while (true) {
        const std::size_t comma = line.find(',');
        cells.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) return cells;
        line.remove_prefix(comma + 1);
    }
}

}  // namespace

std::string TraceCsv::read_header(std::string_view header) {
    const auto names = split(header);
    count_ = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto known =
            std::find_if(kWords.begin(), kWords.end(), [&](const Word& word) { return word.text == names[i]; });
        if (known == kWords.end()) return fmt::format("unknown column '{}'; a header is {}", names[i], kOurs);
        is_published_ |= known->is_published;
        if (!known->column) continue;
        auto& place = places_[*known->column];
        if (place) return fmt::format("the column '{}' is there twice", names[i]);
        place = i;
    }
    const std::size_t required = is_published_ ? kRequired.size() - 1 : kRequired.size();
    for (std::size_t i = 0; i < required; ++i) {
        if (!places_[i]) return fmt::format("the header lacks the column '{}'", kRequired[i]);
    }
    return {};
}

std::optional<double> TraceCsv::time_of(std::string_view text) {
    auto time = number<double>(text);
    if (!is_published_) return time;
    if (!time) time = date_time(text);
    if (!time) return std::nullopt;
    if (!zero_) zero_ = time;
    return *time - *zero_;
}

std::string TraceCsv::read_row(std::string_view line, TraceRow& row) {
    const auto cells = split(line);
    if (cells.size() != count_) return fmt::format("{} columns, where the header has {}", cells.size(), count_);
    const auto cell = [&](Column column) { return places_[column] ? cells[*places_[column]] : std::string_view{}; };
    const auto time = time_of(cell(arrival));
    if (!time) return fmt::format("'{}' is not a time in seconds (arrival_s)", cell(arrival));
    std::string wrong;
    const auto count = [&](Column column, std::string_view name) -> std::uint64_t {
        const auto tokens = number<std::uint64_t>(cell(column));
        if (!tokens && wrong.empty()) wrong = fmt::format("'{}' is not a count of tokens ({})", cell(column), name);
        return tokens.value_or(0);
    };
    row.arrival = *time;
    row.prompt = count(prompt, "prompt_tokens");
    row.output = count(output, "output_tokens");
    row.hint = places_[cls] ? cell(cls) : otherwise_;
    row.client = cell(client);
    row.conversation = cell(conversation);
    row.prefix = cell(prefix);
    row.prefix_tokens = cell(prefix_tokens).empty() ? 0 : count(prefix_tokens, "prefix_tokens");
    row.streams = cell(stream);
    return wrong;
}

}  // namespace weir::simulate
