#pragma once
// How single values are written: durations, sizes, rates, addresses. Each form reads a text strictly, prints it back in
// the same words, and says enough about itself for the JSON Schema and for a good error.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "admission/config.hpp"
#include "base/dialect.hpp"
#include "base/ip.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "net/config.hpp"
#include "upstream/config.hpp"

namespace weir::policy {

// Why a text is not a value of its form. `message` continues the sentence "'patience' ...".
struct Fault {
    std::string id;
    std::string message;
    std::string suggestion;
    std::string help;
};

// A value, or a fault.
template <typename T>
struct Reading {
    Reading(T read) : value(std::move(read)) {}
    Reading(Fault why) : fault(std::move(why)) {}

    std::optional<T> value;
    Fault fault;
};

enum class JsonType : std::uint8_t { string, integer, number, boolean };

// What is known of a form without its C++ type.
struct Form {
    std::string_view what;     // "a duration such as 250ms, 2s or 10m"
    std::string_view pattern;  // ECMA 262, anchored; empty: any text
    JsonType type = JsonType::string;
    std::span<const std::string_view> words{};  // closed set
    std::span<const std::string_view> later{};  // words of the design that are not implemented yet
    bool is_path = false;                       // a relative path counts from the policy's folder
};

template <typename T>
struct Scalar : Form {
    Reading<T> (*parse)(std::string_view text);
    std::string (*print)(const T& value);
};

// Digits with an optional k or M suffix become a number; no sign, no leading zero.
[[nodiscard]] Reading<std::uint64_t> parse_count(std::string_view text);
[[nodiscard]] Reading<std::uint64_t> parse_positive(std::string_view text);
[[nodiscard]] Reading<double> parse_burst(std::string_view text);
[[nodiscard]] std::string print_count(const std::uint64_t& value);
[[nodiscard]] std::string print_burst(const double& value);

// A number of LLM tokens, or `read`.
[[nodiscard]] Reading<upstream::ContextTokens> parse_context_tokens(std::string_view text);
[[nodiscard]] std::string print_context_tokens(const upstream::ContextTokens& value);

[[nodiscard]] Reading<bool> parse_bool(std::string_view text);
[[nodiscard]] std::string print_bool(const bool& value);

[[nodiscard]] Reading<Duration> parse_duration(std::string_view text);  // above zero
[[nodiscard]] Reading<Duration> parse_duration_or_zero(std::string_view text);
[[nodiscard]] std::string print_duration(const Duration& value);

[[nodiscard]] Reading<std::uint64_t> parse_size(std::string_view text);  // bytes
[[nodiscard]] std::string print_size(const std::uint64_t& value);

// `1200/min`, `20/s`, `5/h`: a number a second.
[[nodiscard]] Reading<double> parse_rate(std::string_view text);
[[nodiscard]] std::string print_rate(const double& value);
// A rate alone is a whole bucket: it may save up a tenth of a minute's worth, and at least one request.
[[nodiscard]] Reading<admission::RateConfig> parse_bucket(std::string_view text);
// The same of LLM tokens, as `600k/min` or `600k tokens/min`: a minute's worth may be saved up.
[[nodiscard]] Reading<admission::RateConfig> parse_token_bucket(std::string_view text);
[[nodiscard]] double default_token_burst(double per_second);
[[nodiscard]] std::string print_bucket(const admission::RateConfig& value);
[[nodiscard]] double default_burst(double per_second);

[[nodiscard]] Reading<double> parse_percent(std::string_view text);  // a share, 0 to 1
[[nodiscard]] std::string print_percent(const double& value);

[[nodiscard]] Reading<double> parse_ratio(std::string_view text);  // 0 to 2
[[nodiscard]] std::string print_ratio(const double& value);

[[nodiscard]] Reading<std::string> parse_text(std::string_view text);  // not empty
[[nodiscard]] Reading<std::string> parse_name(std::string_view text);
[[nodiscard]] Reading<std::string> parse_model(std::string_view text);
[[nodiscard]] Reading<std::string> parse_method(std::string_view text);
[[nodiscard]] Reading<std::string> parse_url_path(std::string_view text);
[[nodiscard]] Reading<std::string> parse_header_name(std::string_view text);  // becomes lower case
[[nodiscard]] std::string print_text(const std::string& value);

[[nodiscard]] Reading<IpNetwork> parse_network(std::string_view text);
[[nodiscard]] std::string print_network(const IpNetwork& value);
[[nodiscard]] Reading<IpAddress> parse_address(std::string_view text);
[[nodiscard]] std::string print_address(const IpAddress& value);
[[nodiscard]] Reading<net::BindAddress> parse_bind(std::string_view text);
[[nodiscard]] std::string print_bind(const net::BindAddress& value);
[[nodiscard]] Reading<upstream::EndpointConfig> parse_endpoint(std::string_view text);
[[nodiscard]] std::string print_endpoint(const upstream::EndpointConfig& value);
[[nodiscard]] Reading<Sha256> parse_sha256(std::string_view text);
[[nodiscard]] std::string print_sha256(const Sha256& value);

// The fault of a word outside a closed set, with the nearest one or, for a word in `later`, that it is still to come.
[[nodiscard]] Fault unknown_word(std::string_view text, std::span<const std::string_view> words,
                                 std::span<const std::string_view> later = {});

}  // namespace weir::policy
