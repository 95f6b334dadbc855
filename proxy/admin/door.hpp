#pragma once
// What the operator's door answers: which paths there are, by which name they may be asked for, and with which token.
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
    std::string_view target;               // as it was sent: a path or a whole URL, with its query
    std::optional<std::string_view> host;  // the field, with its port
    std::string_view authorization;        // the field; empty without one
    std::string_view body;
};

struct Answer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body;
    std::string allow = {};  // with 405: the methods that are
};

// A path, and what answers it. `needs_token`: only with the bearer token, where the policy sets one.
struct Route {
    std::string path;
    bool needs_token = false;
    std::function<Answer(const Request&)> answer;
    std::string_view method = "GET";  // HEAD comes with it
};

class Door {
public:
    // `local`: asked through a unix socket, where no browser gets.
    Door(std::vector<Route> routes, bool local) : routes_(std::move(routes)), local_(local) {}

    void set_token(const std::optional<std::string>& token);
    // Requests for another name than these, localhost or an address are answered 421.
    void set_names(std::vector<std::string> names);

    [[nodiscard]] Answer answer(const Request& request) const;

private:
    [[nodiscard]] bool is_for_us(const Request& request) const;
    [[nodiscard]] bool is_authorized(const Request& request) const;
    [[nodiscard]] Answer not_found() const;
    [[nodiscard]] Answer not_allowed(std::string_view path) const;

    std::vector<Route> routes_;
    std::optional<Sha256> token_;
    std::vector<std::string> names_;
    bool local_;
};

}  // namespace weir::admin
