// How a body is read, by what its head says of it.

#include <gtest/gtest.h>

#include "downstream/exchange/caller.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using http::ContentCoding;
using test::Arrival;
using test::OneClient;
using test::post_to;

struct Body {
    std::string_view path;
    std::string_view fields;
    BodyForm form;
    ContentCoding coding;
};

TEST(Identify, ReadsABodyAsItsCallAndItsTypeHaveIt) {
    for (const Body& row : {
             Body{"/v1/messages", "", BodyForm::json, ContentCoding::identity},
             {"/v1/messages", "Content-Type: text/plain\r\n", BodyForm::json, ContentCoding::identity},
             {"/v1/messages", "Content-Encoding: gzip\r\n", BodyForm::json, ContentCoding::gzip},
             {"/v1/messages", "Content-Encoding: lzma\r\n", BodyForm::json, ContentCoding::unknown},
             {"/v1/videos", "Content-Type: multipart/form-data; boundary=b\r\n", BodyForm::form,
              ContentCoding::identity},
             {"/other", "", BodyForm::json, ContentCoding::identity},
             {"/other", "Content-Type: image/png\r\nContent-Encoding: gzip\r\n", BodyForm::unread,
              ContentCoding::identity},
             // Of a call that is not known only the bytes are known then.
             {"/other", "Content-Type: application/json\r\nContent-Encoding: lzma\r\n", BodyForm::unread,
              ContentCoding::identity},
         }) {
        OneClient one;
        const Arrival arrival(one, post_to(row.path, std::string(row.fields) + "Content-Length: 400\r\n"));
        EXPECT_EQ(arrival.caller.body_form, row.form) << row.path << " " << row.fields;
        EXPECT_EQ(arrival.caller.coding, row.coding) << row.path << " " << row.fields;
        EXPECT_EQ(arrival.caller.ask.prompt_tokens, row.form == BodyForm::json ? 100U : 0U) << row.fields;
        EXPECT_EQ(arrival.caller.form_type.empty(), row.form != BodyForm::form) << row.fields;
    }
}

TEST(Identify, ReadsAFormWhereTheNameOfItsModelCounts) {
    test::RoutingParts parts;
    parts.backend.models = {{"large", "up-1"}};
    OneClient named(parts);
    OneClient plain;
    const std::string form = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 400\r\n";
    const auto read = [&](OneClient& one, std::string_view path) {
        return Arrival(one, post_to(path, form)).caller.body_form == BodyForm::form;
    };
    for (const char* path : {"/v1/audio/transcriptions", "/audio/translations", "/v1/images/edits/"}) {
        EXPECT_TRUE(read(named, path)) << path;
        EXPECT_FALSE(read(plain, path)) << path;
    }
    EXPECT_FALSE(read(named, "/v1/files"));
}

TEST(Identify, TakesALongBodyForTheShortestPromptThatItCanBe) {
    OneClient one;
    EXPECT_EQ(Arrival(one, post_to("/v1/messages", test::json_fields(1'000'000))).caller.ask.prompt_tokens, 256U);
    EXPECT_EQ(Arrival(one, post_to("/v1/messages")).caller.body_form, BodyForm::unread) << "it has no body";
}

}  // namespace
}  // namespace weir::downstream
