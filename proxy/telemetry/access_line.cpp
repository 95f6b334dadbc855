#include "telemetry/access_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/json_text.hpp"
#include "telemetry/outcome.hpp"

namespace weir::telemetry {
namespace {

template <typename Number>
void append_number(std::string& out, Number value) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

// Microseconds as milliseconds with three decimals.
void append_millis(std::string& out, Duration length) {
    const auto micros =
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(length).count());
    append_number(out, micros / 1000);
    const auto rest = static_cast<int>(micros % 1000);
    const char decimals[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                             static_cast<char>('0' + rest % 10)};
    out.append(decimals, sizeof decimals);
}

void append_source(std::string& out, const IpAddress& source) {
    out.push_back('"');
    if (source.is_v4()) {
        for (std::size_t i = 12; i < 16; ++i) {
            if (i > 12) out.push_back('.');
            append_number(out, unsigned{source.bytes[i]});
        }
    } else {
        out.append(source.to_string());
    }
    out.push_back('"');
}

// REQUIRES: `key` with its comma, quotes and colon.
void append_text(std::string& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out.append(key);
    append_json_string(out, text.substr(0, kLongestText));
}

void append_name(std::string& out, std::string_view key, std::string_view quoted) {
    if (!quoted.empty()) out.append(key).append(quoted);
}

void append_word(std::string& out, std::string_view key, std::string_view word) {
    out.append(key).append("\"").append(word).append("\"");
}

template <typename Number>
void append_count(std::string& out, std::string_view key, Number value) {
    out.append(key);
    append_number(out, value);
}

void append_measure(std::string& out, std::string_view key, double value) {
    if (std::isfinite(value)) append_count(out, key, value);  // JSON has no other numbers
}

}  // namespace

std::string_view AccessLine::write(const Record& record, std::chrono::system_clock::time_point arrived) {
    text_.clear();
    write_time(arrived);
    write_who(record);
    write_decision(record);
    write_times(record);
    write_where(record);
    append_name(text_, ",\"policy\":", names_.policy());
    text_.append("}\n");
    return text_;
}

void AccessLine::write_who(const Record& record) {
    append_text(text_, ",\"request_id\":", record.request_id);
    append_text(text_, ",\"trace_id\":", record.trace_id);
    append_name(text_, ",\"class\":", names_.find(record.cls));
    append_text(text_, ",\"client\":", record.key_name);
    text_.append(",\"source\":");
    append_source(text_, record.source);
    append_name(text_, ",\"listener\":", names_.find(record.listener));
    append_text(text_, ",\"method\":", record.method);
    append_text(text_, ",\"path\":", record.path);
}

void AccessLine::write_decision(const Record& record) {
    append_word(text_, ",\"decision\":", kOutcomeNames[static_cast<std::size_t>(outcome_of(record.reason))]);
    append_word(text_, ",\"reason\":", name(record.reason));
    if (!record.gate.empty()) {
        append_text(text_, ",\"gate\":", record.gate);
        append_measure(text_, ",\"limit\":", record.limit);
        append_measure(text_, ",\"observed\":", record.observed);
    }
    if (record.shadow) append_word(text_, ",\"shadow\":", name(record.shadow_reason));
    append_text(text_, ",\"degraded\":", record.degraded);
}

void AccessLine::write_times(const Record& record) {
    text_.append(",\"queue_ms\":");
    append_millis(text_, record.queue);
    if (record.first_byte > Duration::zero()) {
        text_.append(",\"ttft_ms\":");
        append_millis(text_, record.first_byte);
    }
    text_.append(",\"duration_ms\":");
    append_millis(text_, record.duration);
    if (record.endpoint != kNoEndpoint) {
        const auto overhead = std::chrono::round<std::chrono::microseconds>(record.overhead).count();
        append_count(text_, ",\"overhead_us\":", std::max<std::int64_t>(0, overhead));
    }
}

void AccessLine::write_where(const Record& record) {
    append_count(text_, ",\"status\":", record.status);
    append_name(text_, ",\"backend\":", names_.find(record.backend));
    append_name(text_, ",\"endpoint\":", names_.find(record.endpoint));
    append_text(text_, ",\"model\":", record.model);
    write_tokens(record);
    append_count(text_, ",\"bytes_in\":", record.bytes_in);
    append_count(text_, ",\"bytes_out\":", record.bytes_out);
    append_count(text_, ",\"retry_count\":", record.retry_count);
    if (record.attempts > 1) append_count(text_, ",\"attempts\":", record.attempts);
}

void AccessLine::write_tokens(const Record& record) {
    const TokenSource of_answer = record.tokens_out.source;
    const TokenSource source = of_answer != TokenSource::none ? of_answer : record.tokens_in.source;
    if (source == TokenSource::none) return;
    append_count(text_, ",\"tokens_in\":", record.tokens_in.tokens);
    append_count(text_, ",\"tokens_out\":", record.tokens_out.tokens);
    append_word(text_, ",\"tokens_source\":", name(source));
}

void AccessLine::write_time(std::chrono::system_clock::time_point at) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    if (second != second_at_) {
        second_at_ = second;
        const auto day = std::chrono::floor<std::chrono::days>(second);
        const std::chrono::year_month_day date(day);
        const std::chrono::hh_mm_ss clock(second - day);
        second_ =
            fmt::format("{{\"ts\":\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.", int{date.year()}, unsigned{date.month()},
                        unsigned{date.day()}, clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    }
    const auto millis = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(at - second).count());
    const char rest[] = {static_cast<char>('0' + millis / 100), static_cast<char>('0' + millis / 10 % 10),
                         static_cast<char>('0' + millis % 10), 'Z', '"'};
    text_.append(second_).append(rest, sizeof rest);
}

}  // namespace weir::telemetry
