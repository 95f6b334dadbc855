#pragma once
// Requests of pages from other origins, as browsers make them (the Fetch standard, section 3.3): a browser asks first,
// by a preflight, and shows a page only what the answer's fields allow it to see. Without them a page cannot tell a
// refusal from a broken network, and so cannot obey it.
//
// Only the page is held back by this, never a client that is no browser: it is no protection.

#include <string>

#include "downstream/config.hpp"
#include "http/head.hpp"

namespace weir::downstream {

// A browser's question, to be answered here: it carries no credentials, and costs the backend nothing.
[[nodiscard]] bool is_preflight(const http::RequestHead& head);

// The lines of an answer to the request with these fields that let its page see it, with what Weir has to say there;
// where the origin is not one of the list, only that the answer depends on it.
[[nodiscard]] std::string cors_fields(const CorsConfig& config, const http::FieldTable& fields);
// The same of an answer to a preflight: whatever is asked for is allowed, as it is Weir's classes that judge it.
[[nodiscard]] std::string preflight_fields(const CorsConfig& config, const http::FieldTable& fields);

}  // namespace weir::downstream
