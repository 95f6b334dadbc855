#pragma once
// The forms that the table of fields uses, by name.

#include <algorithm>

#include "base/reason.hpp"
#include "policy/forms/scalar.hpp"
#include "policy/policy.hpp"

namespace weir::policy {

using Words = std::span<const std::string_view>;

// A closed set of words, as text.
template <const auto& words, const auto& later>
Reading<std::string> parse_word(std::string_view text) {
    if (std::find(words.begin(), words.end(), text) != words.end()) return std::string(text);
    return unknown_word(text, words, later);
}

// A closed set of words in the order of an enum's values.
template <typename E, const auto& words, const auto& later>
Reading<E> parse_enum(std::string_view text) {
    const auto found = std::find(words.begin(), words.end(), text);
    if (found != words.end()) return static_cast<E>(found - words.begin());
    return unknown_word(text, words, later);
}

template <typename E, const auto& words>
std::string print_enum(const E& value) {
    return std::string(words[static_cast<std::size_t>(value)]);
}

inline constexpr std::array<std::string_view, 0> kNone{};
inline constexpr std::array<std::string_view, 2> kModeWords{"enforce", "shadow"};
inline constexpr std::array<std::string_view, admission::kPriorityCount> kPriorityWords{"critical", "high", "normal",
                                                                                        "low", "sheddable"};
inline constexpr std::array<std::string_view, 3> kDialectWords{"generic", "openai", "anthropic"};
inline constexpr std::array<std::string_view, 3> kBalanceWords{"most_room", "least_requests", "round_robin"};
inline constexpr std::array<std::string_view, 1> kLaterBalanceWords{"prefix_affinity"};
inline constexpr std::array<std::string_view, 4> kEnginePriorityWords{"strip", "vllm", "sglang", "dynamo"};
inline constexpr std::array<std::string_view, 2> kPathFormWords{"strict", "raw"};
inline constexpr std::array<std::string_view, 2> kClientCertificateWords{"required", "optional"};
inline constexpr std::array<std::string_view, 2> kShedWords{"whole_clients", "evenly"};
inline constexpr std::array<std::string_view, 1> kTrueWords{"true"};
inline constexpr std::array<std::string_view, 4> kLevelWords{"debug", "info", "warn", "error"};
inline constexpr std::array<std::string_view, 3> kDecisionWords{"admit", "queue", "refuse"};
inline constexpr std::array<std::string_view, 3> kLogTargetWords{"stdout", "stderr", "off"};
inline constexpr std::array<std::string_view, 1> kAnyWords{"any"};
inline constexpr std::array<std::string_view, 1> kFullWords{"full"};
inline constexpr std::array<std::string_view, 1> kVersionWords{"1"};
inline constexpr auto kReasonWords = [] {
    std::array<std::string_view, kReasonCount> words{};
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = kReasons[i].name;
    return words;
}();

// With the words of before there was more than one engine to tell.
[[nodiscard]] inline Reading<upstream::EnginePriority> parse_engine_priority(std::string_view text) {
    if (text == "ignore") text = "strip";
    if (text == "forward") text = "vllm";
    return parse_enum<upstream::EnginePriority, kEnginePriorityWords, kNone>(text);
}

[[nodiscard]] inline Reading<std::string> parse_log_target(std::string_view text) {
    if (text.starts_with('/')) return std::string(text);
    Reading<std::string> word = parse_word<kLogTargetWords, kNone>(text);
    if (!word.value) word.fault.message = "must be stdout, stderr, off or the absolute path of a file";
    return word;
}

// `scheme://host[:port]` in small letters, as browsers write it: anything else would never be matched.
[[nodiscard]] inline Reading<std::string> parse_origin(std::string_view text) {
    const std::size_t scheme = text.find("://");
    const std::string_view host = scheme == std::string_view::npos ? std::string_view{} : text.substr(scheme + 3);
    const bool plain = !host.empty() && std::none_of(text.begin(), text.end(), [](char c) {
        return c <= ' ' || c == '*' || c == '"' || c == '@' || c == '?' || c == '#' || c == 0x7F ||
               (c >= 'A' && c <= 'Z');
    });
    if (text == "*" || (scheme != 0 && plain && host.find('/') == std::string_view::npos)) return std::string(text);
    return Fault{"invalid-value", "must be an origin as browsers write it, such as https://chat.example, or *", {}, {}};
}

[[nodiscard]] inline Reading<PolicyTest::Situation> parse_full(std::string_view text) {
    if (text == "full") return PolicyTest::Situation::line_full;
    return unknown_word(text, kFullWords);
}

[[nodiscard]] inline std::string print_full(const PolicyTest::Situation&) { return "full"; }

inline constexpr Scalar<std::uint64_t> kCount{
    {"a whole number such as 16 or 400k", "^(0|[1-9][0-9]*)[kM]?$", JsonType::integer}, parse_count, print_count};
inline constexpr Scalar<std::uint64_t> kPositive{
    {"a whole number from 1 on, such as 16 or 400k", "^[1-9][0-9]*[kM]?$", JsonType::integer},
    parse_positive,
    print_count};
inline constexpr Scalar<double> kBurst{
    {"a whole number from 1 on, such as 300", "^[1-9][0-9]*[kM]?$", JsonType::integer}, parse_burst, print_burst};
inline constexpr Scalar<upstream::ContextTokens> kContextTokens{
    {"a number of LLM tokens such as 400k, or `read`", "^(read|[1-9][0-9]*[kM]?)$", JsonType::integer},
    parse_context_tokens,
    print_context_tokens};
inline constexpr Scalar<std::string> kTrue{
    {"true", "", JsonType::boolean, kTrueWords}, parse_word<kTrueWords, kNone>, print_text};
inline constexpr Scalar<bool> kBool{{"true or false", "", JsonType::boolean}, parse_bool, print_bool};
inline constexpr Scalar<Duration> kDuration{
    {"a duration such as 250ms, 2s, 10m or 1h", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$"}, parse_duration, print_duration};
inline constexpr Scalar<Duration> kDurationOrZero{
    {"a duration such as 0s, 250ms, 2s or 10m", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$"},
    parse_duration_or_zero,
    print_duration};
inline constexpr Scalar<std::uint64_t> kSize{
    {"a size such as 512B, 32KiB, 8MiB or 1MB", "^[1-9][0-9]*(B|KiB|MiB|GiB|kB|KB|MB|GB)$"}, parse_size, print_size};
inline constexpr Scalar<double> kRate{
    {"a rate such as 20/s, 1200/min or 5/h", "^[0-9]+(\\.[0-9]+)?[kM]?/(s|min|h)$"}, parse_rate, print_rate};
inline constexpr Scalar<admission::RateConfig> kBucket{
    {"a rate such as 20/s, 1200/min or 5/h", "^[0-9]+(\\.[0-9]+)?[kM]?/(s|min|h)$"}, parse_bucket, print_bucket};
inline constexpr Scalar<admission::RateConfig> kTokenBucket{
    {"a rate such as 600k/min", "^[0-9]+(\\.[0-9]+)?[kM]?( tokens)?/(s|min|h)$"}, parse_token_bucket, print_bucket};
inline constexpr Scalar<double> kPercent{
    {"a percentage such as 5% or 99.5%", "^[0-9]+(\\.[0-9]+)?%$"}, parse_percent, print_percent};

inline constexpr Scalar<double> kRatio{
    {"a number from 0 to 2, such as 0.9", "^[0-9]+(\\.[0-9]+)?$", JsonType::number}, parse_ratio, print_ratio};

inline constexpr Scalar<std::string> kText{{"text", ""}, parse_text, print_text};
inline constexpr Scalar<std::string> kFile{
    {.what = "the path of a file", .pattern = "", .is_path = true}, parse_text, print_text};
inline constexpr Scalar<std::string> kName{
    {"a name of at most 64 letters, digits, '.', '_' and '-'", "^[A-Za-z0-9._-]{1,64}$"}, parse_name, print_text};
inline constexpr Scalar<std::string> kModel{
    {"a model such as gpt-4o, or a prefix such as llama*", "^[^ ]+$"}, parse_model, print_text};
inline constexpr Scalar<std::string> kMethod{{"an HTTP method such as POST", "^[A-Z]+$"}, parse_method, print_text};
inline constexpr Scalar<std::string> kUrlPath{
    {"a path such as /v1/chat/completions", "^/[^ ?#]*$"}, parse_url_path, print_text};
inline constexpr Scalar<std::string> kOrigin{
    {"an origin such as https://chat.example, or *", "^(\\*|[a-z][a-z0-9+.-]*://[^/?#@*A-Z ]+)$"},
    parse_origin,
    print_text};
inline constexpr Scalar<std::string> kHeaderName{{"the name of a header", ""}, parse_header_name, print_text};

inline constexpr Scalar<IpNetwork> kNetwork{
    {"a network such as 10.0.0.0/8, fd00::/8 or 10.1.2.3", "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"},
    parse_network,
    print_network};
inline constexpr Scalar<IpAddress> kAddress{
    {"an IP address such as 10.1.2.3", "^[0-9A-Fa-f.:]+$"}, parse_address, print_address};
inline constexpr Scalar<net::BindAddress> kBind{
    {"ADDRESS:PORT, [V6]:PORT or unix:/path", "^(unix:/.+|[0-9.]+:[0-9]+|\\[[0-9A-Fa-f:.]+\\]:[0-9]+)$"},
    parse_bind,
    print_bind};
inline constexpr Scalar<upstream::EndpointConfig> kEndpoint{
    {"an endpoint such as http://10.1.0.11:8000", "^https?://[^/?#@]+$"}, parse_endpoint, print_endpoint};
inline constexpr Scalar<Sha256> kSha256{{"64 hex digits", "^[0-9A-Fa-f]{64}$"}, parse_sha256, print_sha256};

inline constexpr Scalar<admission::Mode> kMode{{"enforce or shadow", "", JsonType::string, kModeWords},
                                               parse_enum<admission::Mode, kModeWords, kNone>,
                                               print_enum<admission::Mode, kModeWords>};
inline constexpr Scalar<admission::Priority> kPriority{{"a priority", "", JsonType::string, kPriorityWords},
                                                       parse_enum<admission::Priority, kPriorityWords, kNone>,
                                                       print_enum<admission::Priority, kPriorityWords>};
inline constexpr Scalar<Dialect> kDialect{{"a dialect", "", JsonType::string, kDialectWords},
                                          parse_enum<Dialect, kDialectWords, kNone>,
                                          print_enum<Dialect, kDialectWords>};
inline constexpr Scalar<upstream::Balance> kBalance{
    {"a way to choose an endpoint", "", JsonType::string, kBalanceWords, kLaterBalanceWords},
    parse_enum<upstream::Balance, kBalanceWords, kLaterBalanceWords>,
    print_enum<upstream::Balance, kBalanceWords>};
inline constexpr Scalar<net::ClientCertificate> kClientCertificate{
    {"required or optional", "", JsonType::string, kClientCertificateWords},
    parse_enum<net::ClientCertificate, kClientCertificateWords, kNone>,
    print_enum<net::ClientCertificate, kClientCertificateWords>};
inline constexpr Scalar<upstream::EnginePriority> kEnginePriority{
    {"an engine's way to take a priority", "", JsonType::string, kEnginePriorityWords},
    parse_engine_priority,
    print_enum<upstream::EnginePriority, kEnginePriorityWords>};
inline constexpr Scalar<downstream::PathForm> kPathForm{{"strict or raw", "", JsonType::string, kPathFormWords},
                                                        parse_enum<downstream::PathForm, kPathFormWords, kNone>,
                                                        print_enum<downstream::PathForm, kPathFormWords>};
inline constexpr Scalar<admission::Shed> kShed{{"whole_clients or evenly", "", JsonType::string, kShedWords},
                                               parse_enum<admission::Shed, kShedWords, kNone>,
                                               print_enum<admission::Shed, kShedWords>};
inline constexpr Scalar<std::string> kLevel{
    {"a level", "", JsonType::string, kLevelWords}, parse_word<kLevelWords, kNone>, print_text};
inline constexpr Scalar<std::string> kDecision{
    {"a decision", "", JsonType::string, kDecisionWords}, parse_word<kDecisionWords, kNone>, print_text};
inline constexpr Scalar<std::string> kReason{
    {"a reason", "", JsonType::string, kReasonWords}, parse_word<kReasonWords, kNone>, print_text};
inline constexpr Scalar<std::string> kAny{
    {"any", "", JsonType::string, kAnyWords}, parse_word<kAnyWords, kNone>, print_text};
inline constexpr Scalar<std::string> kVersion{
    {"1", "", JsonType::integer, kVersionWords}, parse_word<kVersionWords, kNone>, print_text};
inline constexpr Scalar<PolicyTest::Situation> kFull{
    {"full", "", JsonType::string, kFullWords}, parse_full, print_full};
inline constexpr Scalar<std::string> kLogTarget{
    {"stdout, stderr, off or the absolute path of a file", "^(stdout|stderr|off|/.+)$"}, parse_log_target, print_text};

}  // namespace weir::policy
