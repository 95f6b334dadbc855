#pragma once
// What a request's head says about its body: how it is read, and what is wrong with it before its first byte arrives.
//
// Engines choose a reader for a body by these fields, and not all choose alike: a body that could get one reader here
// and another there is refused.

#include <string_view>

#include "ai/api.hpp"
#include "base/reason.hpp"
#include "downstream/exchange/body_intake.hpp"
#include "http/field.hpp"

namespace weir::downstream {

// How the body is read. On calls that accept only JSON the declared type is ignored, as engines read the body as JSON
// anyway. `counts`: a class depends on it, or the name of its model, so forms are read as well.
[[nodiscard]] BodyForm body_form(const http::FieldTable& fields, ai::Api api, bool counts);

struct BodyFault {
    Reason reason = Reason::admitted;  // no fault
    std::string_view detail{};
};

// REQUIRES: there is a body, and the call belongs to a known API (`other` included).
[[nodiscard]] BodyFault fault_of_body_fields(const http::FieldTable& fields, ai::Api api, http::ContentCoding coding);

}  // namespace weir::downstream
