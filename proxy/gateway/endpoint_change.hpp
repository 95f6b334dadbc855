#pragma once
// What an operator asks for one endpoint, as JSON:
//
//     { "backend": "large", "endpoint": "http://10.1.0.11:8000", "action": "drain", "for": "10m", "why": "new model" }
//
// `drain`: no new requests, running ones end. `eject`: the same, and then it is on trial. `weight`: a share of the
// load, in percent. `clear`: none of these any more. All but the last end by themselves, after an hour if `for` says
// nothing.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "upstream/endpoint.hpp"

namespace weir::gateway {

struct EndpointChange {
    std::string backend;
    std::string endpoint;                          // its URL, as the policy writes it
    std::optional<upstream::HandSetting> setting;  // nothing: clear
};

// Strict: an unknown member is an error, because a misspelt one would be ignored.
[[nodiscard]] Result<EndpointChange> parse_endpoint_change(std::string_view json, TimePoint now);

// What is set for it, in the same words, and for how many seconds; null without. `endpoint` may be null.
[[nodiscard]] boost::json::value hand_json(const upstream::Endpoint* endpoint, TimePoint now);

}  // namespace weir::gateway
