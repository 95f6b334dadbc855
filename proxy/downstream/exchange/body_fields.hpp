#pragma once
// What a request's head says of its body: how it is read, and what is wrong with it before a byte of it has come.
//
// Engines choose by these fields which reader they give a body to, and not all alike: what could be given to one here
// and to another there is refused.

#include <string_view>

#include "ai/api.hpp"
#include "base/reason.hpp"
#include "downstream/exchange/body_intake.hpp"
#include "http/field.hpp"

namespace weir::downstream {

// How the body is read. On calls that take nothing but JSON what the client calls it does not count, as engines read it
// all the same. `decides`: a class depends on it, so that a form is read as well.
[[nodiscard]] BodyForm body_form(const http::FieldTable& fields, ai::Api api, bool decides);

struct BodyFault {
    Reason reason = Reason::admitted;  // nothing is wrong
    std::string_view detail{};
};

// REQUIRES: a body; a call of an API that is known (`other` too).
[[nodiscard]] BodyFault fault_of_body_fields(const http::FieldTable& fields, ai::Api api, http::ContentCoding coding);

}  // namespace weir::downstream
