#include "downstream/exchange/cors.hpp"

#include <gtest/gtest.h>

#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::get_of;
using test::OneClient;
using test::RoutingParts;

std::string options(std::string_view fields) {
    return std::string("OPTIONS /v1/messages HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
}

// What a request leaves behind at a listener with these origins: whether it is a preflight, and the lines of its
// answer.
struct Seen {
    Seen(std::vector<std::string> origins, const std::string& head) {
        RoutingParts parts;
        parts.listener.cors = CorsConfig{.origins = std::move(origins), .max_age = std::chrono::minutes(1)};
        OneClient one(parts);
        const Arrival arrival(one, head);
        is_preflight = arrival.inbound.is_preflight;
        lines = arrival.inbound.cors_fields;
    }
    // Without the long list of what may be read, in whose place stands `...`.
    [[nodiscard]] std::string short_lines() const {
        const std::size_t exposed = lines.find("Access-Control-Expose-Headers");
        return exposed == std::string::npos ? lines : lines.substr(0, exposed) + "...";
    }

    bool is_preflight = false;
    std::string lines;
};

const std::string kAsk = "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n";

TEST(Cors, KnowsAPreflightByAllThatABrowserSends) {
    struct Row {
        std::string head;
        bool is_preflight;
    };
    for (const Row& row : {
             Row{options(kAsk), true},
             {options("Origin: https://a.example\r\n"), false},
             {options("Access-Control-Request-Method: POST\r\n"), false},
             {options(kAsk + "Origin: https://b.example\r\n"), false},
             {get_of("/", kAsk), false},
             {options(""), false},
         }) {
        EXPECT_EQ(Seen({"*"}, row.head).is_preflight, row.is_preflight) << row.head;
    }
}

TEST(Cors, LetsPagesOfListedOriginsReadAnswers) {
    struct Row {
        std::vector<std::string> origins;
        std::string_view origin;
        std::string_view lines;
    };
    constexpr std::string_view allowed = "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n...";
    for (const Row& row : {
             Row{{"https://a.example"}, "https://a.example", allowed},
             {{"https://b.example", "https://a.example"}, "https://a.example", allowed},
             {{"https://a.example"}, "https://A.example", "Vary: Origin\r\n"},
             {{"https://a.example"}, "https://a.example.evil", "Vary: Origin\r\n"},
             {{"https://a.example"}, "null", "Vary: Origin\r\n"},
             {{"*"}, "https://a.example", "Access-Control-Allow-Origin: *\r\n..."},
             {{}, "https://a.example", "Vary: Origin\r\n"},
         }) {
        const Seen seen(row.origins, get_of("/", "Origin: " + std::string(row.origin) + "\r\n"));
        EXPECT_EQ(seen.short_lines(), row.lines) << row.origin;
    }
    EXPECT_EQ(Seen({"https://a.example"}, get_of("/")).lines, "Vary: Origin\r\n");
}

TEST(Cors, LetsPagesReadWhatTheyMustObey) {
    const std::string lines = Seen({"*"}, get_of("/", "Origin: https://a.example\r\n")).lines;
    EXPECT_TRUE(lines.ends_with("\r\n"));
    for (const char* field : {"Retry-After", "Retry-After-Ms", "X-Should-Retry", "X-Weir-Decision"}) {
        EXPECT_NE(lines.find(field), std::string::npos) << field;
    }
}

TEST(Cors, AllowsWhateverAPreflightAsksFor) {
    const std::string vary = "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n";
    EXPECT_EQ(Seen({"https://a.example"}, options(kAsk)).lines,
              vary +
                  "Access-Control-Allow-Origin: https://a.example\r\nAccess-Control-Allow-Methods: POST\r\n"
                  "Access-Control-Max-Age: 60\r\n");
    EXPECT_EQ(Seen({"*"}, options(kAsk + "Access-Control-Request-Headers: authorization, x-a\r\n")).lines,
              vary +
                  "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: POST\r\n"
                  "Access-Control-Allow-Headers: authorization, x-a\r\nAccess-Control-Max-Age: 60\r\n");
    EXPECT_EQ(Seen({"https://b.example"}, options(kAsk)).lines, vary) << "of an origin that is not listed";
}

TEST(Cors, SaysNothingWhereTheListenerHasNone) {
    OneClient one;
    const Arrival arrival(one, options(kAsk));
    EXPECT_FALSE(arrival.inbound.is_preflight);
    EXPECT_EQ(arrival.inbound.cors_fields, "");
}

}  // namespace
}  // namespace weir::downstream
