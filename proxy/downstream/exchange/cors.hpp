#pragma once
// Requests of pages from other origins, as browsers send them (the Fetch standard, section 3.3): a browser first sends
// a preflight, and gives a page only what the answer's fields allow. Without them a page cannot distinguish a refusal
// from a broken network, and so cannot obey it.
//
// This restricts only pages in browsers, not other clients: it is no protection.

#include <string>

#include "downstream/config.hpp"
#include "http/head.hpp"

namespace weir::downstream {

// A preflight, to be answered here: it carries no credentials, and costs the backend nothing.
[[nodiscard]] bool is_preflight(const http::RequestHead& head);

// The lines of an answer to the request with these fields that let its page read it, Weir's own fields included; if the
// origin is not in the list, only the statement that the answer depends on it.
[[nodiscard]] std::string cors_fields(const CorsConfig& config, const http::FieldTable& fields);
// The same for the answer to a preflight: whatever it asks for is allowed, as Weir's classes decide about the request.
[[nodiscard]] std::string preflight_fields(const CorsConfig& config, const http::FieldTable& fields);

}  // namespace weir::downstream
