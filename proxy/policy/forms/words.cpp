#include "policy/forms/words.hpp"

#include <fmt/format.h>

#include <array>

#include "base/reason.hpp"
#include "policy/forms/forms.hpp"
#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

using namespace std::string_view_literals;
using admission::MatchConfig;
using upstream::EnginePriority;
using Situation = PolicyTest::Situation;

constexpr std::array kModes{"enforce"sv, "shadow"sv};
constexpr std::array kPriorities{"critical"sv, "high"sv, "normal"sv, "low"sv, "sheddable"sv};
constexpr std::array kSheds{"whole_clients"sv, "evenly"sv};
constexpr std::array kWhenDowns{"wait"sv, "fail"sv};
constexpr std::array kAnyWord{"any"sv};
constexpr std::array kDialects{"generic"sv, "openai"sv, "anthropic"sv};
constexpr std::array kBalances{"most_room"sv, "least_requests"sv, "round_robin"sv, "prefix_affinity"sv};
constexpr std::array kEnginePriorities{"strip"sv, "vllm"sv, "sglang"sv, "dynamo"sv};
constexpr std::array kLearnedFroms{"latency"sv, "quota"sv};
constexpr std::array kClientCertificates{"required"sv, "optional"sv};
constexpr std::array kPathForms{"strict"sv, "raw"sv};
constexpr std::array kFullWord{"full"sv};
constexpr std::array kLevels{"debug"sv, "info"sv, "warn"sv, "error"sv};
constexpr std::array kDecisions{"admit"sv, "queue"sv, "refuse"sv};
constexpr std::array kVersions{"1"sv};
constexpr std::array kTrueWord{"true"sv};
constexpr auto kReasonWords = [] {
    std::array<std::string_view, kReasonCount> words{};
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = kReasons[i].name;
    return words;
}();

// Words of earlier versions, and their replacements.
constexpr std::array kRenamedReasons{
    Renamed{"line_full", name(Reason::queue_full)},
    Renamed{"patience_expired", name(Reason::queue_timeout)},
    Renamed{"pushed_out", name(Reason::displaced)},
};
constexpr std::array kRenamedEnginePriorities{Renamed{"ignore", "strip"}, Renamed{"forward", "vllm"}};

Reading<MatchConfig> read_any(const Form& form, std::string_view text) {
    if (text == "any") return MatchConfig{};
    return unknown_word(form, text);
}

// YAML has many words for these, and YAML readers disagree about them.
Reading<bool> read_bool(const Form& form, std::string_view text) {
    constexpr std::array<std::string_view, 10> kYes{"yes", "Yes", "YES", "y", "Y", "on", "On", "ON", "True", "TRUE"};
    constexpr std::array<std::string_view, 10> kNo{"no", "No", "NO", "n", "N", "off", "Off", "OFF", "False", "FALSE"};
    if (text == "true" || text == "false") return text == "true";
    const bool yes = std::find(kYes.begin(), kYes.end(), text) != kYes.end();
    const bool no = std::find(kNo.begin(), kNo.end(), text) != kNo.end();
    Fault fault{"wrong-type", fmt::format("must be {}", form.what)};
    if (yes || no) fault = {"yaml-boolean", fault.message, yes ? "true" : "false"};
    return fault;
}

Reading<std::string> read_log_target(const Form& form, std::string_view text) {
    if (text.starts_with('/') || text == "stdout" || text == "stderr" || text == "off") return std::string(text);
    return Fault{"unknown-word", fmt::format("must be {}", form.what),
                 closest(text, std::array{"stdout"sv, "stderr"sv, "off"sv})};
}

}  // namespace

constinit const Scalar<admission::Mode> kMode = one_of<admission::Mode>("enforce or shadow", kModes);
constinit const Scalar<admission::Priority> kPriority = one_of<admission::Priority>("a priority", kPriorities);
constinit const Scalar<admission::Shed> kShed = one_of<admission::Shed>("whole_clients or evenly", kSheds);
constinit const Scalar<admission::WhenDown> kWhenDown = one_of<admission::WhenDown>("wait or fail", kWhenDowns);
constinit const Scalar<upstream::TryCause> kTryCause =
    one_of<upstream::TryCause>("a cause to try again", upstream::kTryCauses);
constinit const Scalar<MatchConfig> kAny{{.what = "any", .pattern = "", .words = kAnyWord},
                                         read_any,
                                         [](const Form&, const MatchConfig&) { return std::string("any"); }};
constinit const Scalar<Dialect> kDialect = one_of<Dialect>("a dialect", kDialects);
constinit const Scalar<Balance> kBalance = one_of<Balance>("a way to choose an endpoint", kBalances);
constinit const Scalar<EnginePriority> kEnginePriority =
    one_of<EnginePriority>("an engine's priority format", kEnginePriorities, kRenamedEnginePriorities);
constinit const Scalar<upstream::LearnedFrom> kLearnedFrom =
    one_of<upstream::LearnedFrom>("latency or quota", kLearnedFroms);
constinit const Scalar<net::ClientCertificate> kClientCertificate =
    one_of<net::ClientCertificate>("required or optional", kClientCertificates);
constinit const Scalar<downstream::PathForm> kPathForm = one_of<downstream::PathForm>("strict or raw", kPathForms);
constinit const Scalar<Situation> kFull{
    {.what = "full", .pattern = "", .words = kFullWord},
    [](const Form& form, std::string_view text) -> Reading<Situation> {
        if (text == "full") return Situation::queue_full;
        return unknown_word(form, text);
    },
    [](const Form&, const Situation& value) { return std::string(value == Situation::queue_full ? "full" : ""); }};
constinit const Scalar<bool> kBool{
    {"true or false", "", JsonType::boolean}, read_bool, [](const Form&, const bool& value) {
        return std::string(value ? "true" : "false");
    }};
constinit const Scalar<std::string> kLevel = one_of<std::string>("a level", kLevels);
constinit const Scalar<std::string> kDecision = one_of<std::string>("a decision", kDecisions);
constinit const Scalar<std::string> kReason = one_of<std::string>("a reason", kReasonWords, kRenamedReasons);
constinit const Scalar<std::string> kVersion = one_of<std::string>("1", kVersions, {}, JsonType::integer);
constinit const Scalar<std::string> kTrue = one_of<std::string>("true", kTrueWord, {}, JsonType::boolean);
constinit const Scalar<std::string> kLogTarget{
    {"stdout, stderr, off or the absolute path of a file", "^(stdout|stderr|off|/.+)$"},
    read_log_target,
    print_word<std::string>};

Fault unknown_word(const Form& form, std::string_view text) {
    Fault fault{"unknown-word",
                fmt::format("must be {}{}", form.words.size() > 1 ? "one of " : "", fmt::join(form.words, ", ")),
                closest(text, form.words)};
    for (const Renamed& word : form.renamed) {
        if (word.former != text) continue;
        fault.suggestion = word.now;
        fault.help = fmt::format("'{}' is now called '{}'", word.former, word.now);
    }
    return fault;
}

}  // namespace weir::policy
