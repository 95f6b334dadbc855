#pragma once
// What the admin listener answers: its paths, the host names it accepts, and which paths need the token.
//
// No sockets and no HTTP here: requests and answers are plain structs, so that each rule has a test of its own.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.hpp"

namespace weir::admin {

struct Request {
    std::string_view method;
    std::string_view target;               // as sent: a path or a whole URL, with its query
    std::optional<std::string_view> host;  // the field, with its port
    std::string_view authorization;        // the field's value; empty without one
    std::string_view body;
    std::string_view content_type{};  // the field's value; empty without one
    bool from_page = false;           // a browser sends it for a page: it has Origin or Sec-Fetch-Site
};

struct Answer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body;
    std::string allow = {};  // with 405: the allowed methods
};

// A path and the function that answers it. `needs_token`: the bearer token is required if the policy sets one. A route
// with a method other than GET changes something: it takes JSON alone, and nothing from a page in a browser.
struct Route {
    std::string path;
    bool needs_token = false;
    std::function<Answer(const Request&)> answer;
    std::string_view method = "GET";  // HEAD is implied
};

class Door {
public:
    // `local`: reached through a unix socket, which no browser can use.
    Door(std::vector<Route> routes, bool local) : routes_(std::move(routes)), local_(local) {}

    void set_token(const std::optional<std::string>& token);
    // Requests for a host other than these, localhost or an address get a 421.
    void set_names(std::vector<std::string> names);

    [[nodiscard]] Answer answer(const Request& request) const;

private:
    [[nodiscard]] bool is_for_us(const Request& request) const;
    [[nodiscard]] bool is_authorized(const Request& request) const;
    // Why a request may change nothing.
    [[nodiscard]] static std::optional<Answer> refuse_change(const Request& request);
    [[nodiscard]] Answer not_found() const;
    [[nodiscard]] Answer not_allowed(std::string_view path) const;

    std::vector<Route> routes_;
    std::optional<Sha256> token_;
    std::vector<std::string> names_;
    bool local_;
};

}  // namespace weir::admin
