#pragma once
// One request, from its head to its last byte. Each step owns its results: see ARCHITECTURE.md.

#include <string_view>

#include "downstream/client.hpp"
#include "http/head.hpp"
#include "net/task.hpp"

namespace weir::downstream {

// Serves or refuses the request with that head, whose body, or the next request, begins in `bytes`. Both are invalid
// after the first wait; by then the rest of `bytes` is in client.inbox. True when the connection can take another
// request.
[[nodiscard]] net::task<bool> serve(Client& client, const http::RequestHead& head, std::string_view bytes);

// Answers bytes that are not a valid request.
[[nodiscard]] net::task<bool> refuse_malformed(Client& client, Reason reason, std::string_view detail);

}  // namespace weir::downstream
