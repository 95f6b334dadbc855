#include "gateway/endpoint_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>

#include "policy/forms/forms.hpp"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using upstream::HandAction;
using upstream::HandSetting;

constexpr Duration kDefault = 1h;
constexpr Duration kLongest = 24h * 7;
constexpr std::size_t kLongestReason = 200;
constexpr std::array<std::string_view, 6> kMembers{"backend", "endpoint", "action", "weight", "for", "why"};

// The member as text, which belongs to `request`; empty where there is none.
Result<std::string_view> text_of(const boost::json::object& request, std::string_view name) {
    const boost::json::value* value = request.if_contains(name);
    if (value == nullptr) return std::string_view();
    if (!value->is_string()) return Error{fmt::format("'{}' must be a text", name)};
    return std::string_view(value->as_string());
}

// A percentage, 0 to 100, as a share.
Result<double> weight_of(const boost::json::object& request) {
    const boost::json::value* value = request.if_contains("weight");
    boost::system::error_code error;
    const double percent = value != nullptr && value->is_number() ? value->to_number<double>(error) : -1;
    if (error || !(percent >= 0 && percent <= 100)) return Error{"'weight' must be a number of percent, 0 to 100"};
    return percent / 100;
}

Result<Duration> length_of(const boost::json::object& request) {
    auto text = text_of(request, "for");
    if (!text) return text.error();
    if (text->empty()) return kDefault;
    const auto length = policy::kDuration.parse(*text);
    if (!length.value) return Error{"'for' must be a duration such as 10m"};
    if (*length.value > kLongest) return Error{"'for' must be at most 7 days"};
    return *length.value;
}

// A reason is written to the log and shown in a terminal.
Result<std::string_view> reason_of(const boost::json::object& request) {
    auto why = text_of(request, "why");
    if (!why) return why;
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
    if (why->size() > kLongestReason || std::any_of(why->begin(), why->end(), is_control)) {
        return Error{fmt::format("'why' must be one line of at most {} bytes", kLongestReason)};
    }
    return why;
}

Result<std::optional<HandSetting>> setting_of(const boost::json::object& request, TimePoint now) {
    const auto action = text_of(request, "action");
    if (!action) return action.error();
    if (*action == "clear") return std::optional<HandSetting>();
    HandSetting setting;
    if (*action == "eject") {
        setting.action = HandAction::eject;
    } else if (*action == "weight") {
        const auto weight = weight_of(request);
        if (!weight) return weight.error();
        // Nothing of the load is what a drain is.
        if (*weight > 0) setting = {.action = HandAction::weight, .weight = *weight, .until = {}, .why = {}};
    } else if (*action != "drain") {
        return Error{"'action' must be drain, eject, weight or clear"};
    }
    if (*action != "weight" && request.contains("weight")) return Error{"'weight' belongs to the action weight"};
    const auto length = length_of(request);
    if (!length) return length.error();
    auto why = reason_of(request);
    if (!why) return why.error();
    setting.until = now + *length;
    setting.why = *why;
    return std::optional(std::move(setting));
}

}  // namespace

Result<EndpointChange> parse_endpoint_change(std::string_view json, TimePoint now) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(json, error);
    if (error || !value.is_object()) return Error{"the body must be a JSON object"};
    const boost::json::object& request = value.as_object();
    for (const auto& member : request) {
        const bool known = std::find(kMembers.begin(), kMembers.end(), member.key()) != kMembers.end();
        if (!known) return Error{fmt::format("unknown member '{}'", std::string_view(member.key()))};
    }
    const auto backend = text_of(request, "backend");
    const auto endpoint = text_of(request, "endpoint");
    if (!backend || !endpoint || backend->empty() || endpoint->empty()) {
        return Error{"'backend' and 'endpoint' must name an endpoint as the policy does"};
    }
    auto setting = setting_of(request, now);
    if (!setting) return setting.error();
    return EndpointChange{std::string(*backend), std::string(*endpoint), std::move(*setting)};
}

boost::json::value hand_json(const upstream::Endpoint* endpoint, TimePoint now) {
    const auto hand = endpoint != nullptr ? endpoint->hand() : std::nullopt;
    if (!hand) return nullptr;
    const Duration left = hand->until ? std::max(*hand->until - now, Duration::zero()) : Duration::zero();
    return boost::json::object{{"action", hand->text()},
                               {"seconds_left", std::chrono::ceil<std::chrono::seconds>(left).count()},
                               {"why", hand->why}};
}

}  // namespace weir::gateway
