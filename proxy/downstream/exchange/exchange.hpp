#pragma once
// One request, from its head to its last byte. Each step owns what it finds out: see ARCHITECTURE.md.

#include <string_view>

#include "downstream/client.hpp"
#include "http/head.hpp"
#include "net/task.hpp"

namespace weir::downstream {

// Serves or refuses the request with that head, whose body, or the next request, begins in `bytes`; both may be gone
// after the first wait, and what is left of `bytes` is in client.inbox by then. True when the connection can take
// another request.
[[nodiscard]] net::task<bool> serve(Client& client, const http::RequestHead& head, std::string_view bytes);

// Answers bytes that are not a request.
[[nodiscard]] net::task<bool> refuse_malformed(Client& client, Reason reason, std::string_view detail);

}  // namespace weir::downstream
