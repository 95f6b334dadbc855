#include "admin/door.hpp"

#include <gtest/gtest.h>

namespace weir::admin {
namespace {

// Any client may read `/open`, `/secret` needs the token; `/echo` is for writing.
Door make_door(bool local = false) {
    const auto say = [](std::string words) { return [words](const Request&) { return Answer{.body = words}; }; };
    std::vector<Route> routes;
    routes.push_back({"/open", false, say("open")});
    routes.push_back({"/secret", true, say("secret")});
    routes.push_back(
        {"/echo", true, [](const Request& request) { return Answer{.body = std::string(request.body)}; }, "POST"});
    return Door(std::move(routes), local);
}

Request get(std::string_view target) {
    return {.method = "GET", .target = target, .host = "localhost", .authorization = {}, .body = {}};
}

Request from(std::optional<std::string_view> host) {
    Request request = get("/open");
    request.host = host;
    return request;
}

TEST(Door, FindsThePathInEveryFormOfTheTarget) {
    const Door door = make_door();
    for (const auto* target : {"/open", "/open?x=/secret", "http://localhost:1/open", "http://localhost/open?x"}) {
        EXPECT_EQ(door.answer(get(target)).body, "open") << target;
    }
    for (const auto* target : {"/", "/opened", "/open/", "http://localhost", "/x?u=http://a/open", "*", ""}) {
        EXPECT_EQ(door.answer(get(target)).status, 404) << target;
    }
}

TEST(Door, ListsItsPaths) { EXPECT_EQ(make_door().answer(get("/x")).body, "Paths:\n  /open\n  /secret\n  /echo\n"); }

TEST(Door, ListsTheMethodsOfAPath) {
    const Door door = make_door();
    Request request = get("/open");
    request.method = "HEAD";
    EXPECT_EQ(door.answer(request).status, 200);
    request.method = "POST";
    EXPECT_EQ(door.answer(request).status, 405);
    EXPECT_EQ(door.answer(request).allow, "GET, HEAD");
    EXPECT_EQ(door.answer(get("/echo")).allow, "POST");
}

TEST(Door, PassesTheBodyToARouteThatWrites) {
    Request request = get("/echo");
    request.method = "POST";
    request.body = "words";
    request.content_type = "Application/JSON ; charset=utf-8";
    EXPECT_EQ(make_door().answer(request).body, "words");
}

TEST(Door, ChangesNothingForAPageInABrowser) {
    Request request = get("/echo");
    request.method = "POST";
    request.content_type = "application/json";
    request.from_page = true;
    EXPECT_EQ(make_door().answer(request).status, 403);
    request.from_page = false;
    EXPECT_EQ(make_door().answer(request).status, 200);
    for (const auto* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"}) {
        request.content_type = type;
        EXPECT_EQ(make_door().answer(request).status, 415) << type;
    }
    request.content_type = "application/json";
    request.host = "evil.example";
    EXPECT_EQ(make_door().answer(request).status, 421);
}

TEST(Door, RequiresTheTokenWhereOneIsSet) {
    Door door = make_door();
    Request request = get("/secret");
    EXPECT_EQ(door.answer(request).status, 200);
    door.set_token("key");
    for (const auto* wrong : {"", "Bearer", "Bearer ", "Bearer ke", "Bearer keys", "Basic key", "bearer key"}) {
        request.authorization = wrong;
        EXPECT_EQ(door.answer(request).status, 401) << wrong;
    }
    request.authorization = "Bearer key";
    EXPECT_EQ(door.answer(request).status, 200);
    EXPECT_EQ(door.answer(get("/open")).status, 200);
    door.set_token(std::nullopt);
    EXPECT_EQ(door.answer(get("/secret")).status, 200);
}

TEST(Door, AcceptsAddressesLocalhostAndItsNames) {
    Door door = make_door();
    door.set_names({"Weir.Internal"});
    for (const auto* host : {"", "127.0.0.1", "10.1.2.3:9901", "[::1]", "[::1]:9901", "localhost", "LOCALHOST:1",
                             "localhost.", "weir.internal:80"}) {
        EXPECT_EQ(door.answer(from(host)).status, 200) << host;
    }
    for (const auto* host : {"evil.example", "evil.example:9901", "localhost.evil.example", "127.0.0.1.evil.example"}) {
        EXPECT_EQ(door.answer(from(host)).status, 421) << host;
    }
    EXPECT_EQ(door.answer(from(std::nullopt)).status, 200);
}

TEST(Door, AcceptsEveryNameThroughAUnixSocket) { EXPECT_EQ(make_door(true).answer(from("evil.example")).status, 200); }

}  // namespace
}  // namespace weir::admin
