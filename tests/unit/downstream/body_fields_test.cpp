#include "downstream/exchange/body_fields.hpp"

#include <gtest/gtest.h>

#include "support/heads.hpp"

namespace weir::downstream {
namespace {

using ai::Api;

// A head with these fields, each ended by CRLF, and the text that it points into.
struct Fields {
    explicit Fields(std::string_view fields) : text(test::post_with(fields)) {
        EXPECT_EQ(http::parse_request(text, {}, head).status, http::ParseStatus::complete) << fields;
    }

    std::string text;
    http::RequestHead head;
};

struct Form {
    std::string_view type;  // empty: none
    Api api;
    bool decides;  // a class depends on the body
    BodyForm form;
};

TEST(BodyForm, IsWhatTheCallAndTheTypeMakeOfIt) {
    for (const Form& row : {
             // Calls that take nothing but JSON read it as that, whatever it is called.
             Form{"", Api::chat, false, BodyForm::json},
             {"application/json", Api::chat, false, BodyForm::json},
             {"text/plain", Api::messages, false, BodyForm::json},
             {"multipart/form-data; boundary=b", Api::chat, false, BodyForm::json},
             // Videos take a form as well.
             {"multipart/form-data; boundary=b", Api::videos, false, BodyForm::form},
             {"Multipart/Form-Data;boundary=b", Api::videos, false, BodyForm::form},
             {"application/json", Api::videos, false, BodyForm::json},
             // Of others only what is said to be JSON is read, and a form where a class depends on it.
             {"", Api::other, false, BodyForm::json},
             {"", Api::generic, false, BodyForm::unread},
             {"", Api::generic, true, BodyForm::json},
             {"application/json; charset=utf-8", Api::generic, false, BodyForm::json},
             {"TEXT/JSON", Api::generic, false, BodyForm::json},
             {"application/problem+json", Api::generic, false, BodyForm::json},
             {"+json", Api::generic, false, BodyForm::unread},
             {"application/jsonp", Api::generic, false, BodyForm::unread},
             {"image/png", Api::other, true, BodyForm::unread},
             {"multipart/form-data; boundary=b", Api::other, false, BodyForm::unread},
             {"multipart/form-data; boundary=b", Api::other, true, BodyForm::form},
         }) {
        const Fields fields(row.type.empty() ? "" : "Content-Type: " + std::string(row.type) + "\r\n");
        EXPECT_EQ(body_form(fields.head.fields, row.api, row.decides), row.form)
            << row.type << " on call " << static_cast<int>(row.api);
    }
}

struct Faulty {
    std::string fields;
    Reason reason;
    std::string_view detail;
};

constexpr std::string_view kOtherCharset = "JSON is in UTF-8, and the body is said to be in another charset";
constexpr std::string_view kNamed = "Connection names a field that says what the body is";

TEST(BodyFields, AreRefusedWhereServersWouldChooseDifferentReaders) {
    const std::string long_type = "Content-Type: application/json; a=" + std::string(500, 'a') + "\r\n";
    for (const Faulty& row : {
             Faulty{"", Reason::admitted, ""},
             {"Content-Type: application/json\r\n", Reason::admitted, ""},
             {"Content-Type: application/json; charset=UTF-8\r\n", Reason::admitted, ""},
             {"Content-Type: application/json; a=b; Charset=\"utf8\"\r\n", Reason::admitted, ""},
             {"Content-Type: application/json;charset=us-ascii\r\n", Reason::admitted, ""},
             {"Content-Type: application/json; charset=utf-16\r\n", Reason::unsupported_media, kOtherCharset},
             {"Content-Type: application/json; charset=utf-8; charset=utf-7\r\n", Reason::unsupported_media,
              kOtherCharset},
             {"Content-Type: application/json; charset=\"\r\n", Reason::unsupported_media, kOtherCharset},
             {"Content-Type: text/json\r\nContent-Type: text/json\r\n", Reason::bad_request,
              "there are two Content-Types"},
             {"Content-Type: text/json, text/plain\r\n", Reason::bad_request, "there are two types in Content-Type"},
             {"Content-Type: application/json; a=\"b,c\"\r\n", Reason::admitted, ""},
             {long_type, Reason::bad_request, "Content-Type is longer than 512 bytes"},
             {"Content-Type: multipart/form-data; boundary=b\r\n", Reason::unsupported_media,
              "this call takes JSON, and the body is said to be a form"},
             {"Connection: content-type\r\n", Reason::bad_request, kNamed},
             {"Connection: close\r\nConnection: a, Content-Encoding\r\n", Reason::bad_request, kNamed},
             {"Connection: content-typo\r\n", Reason::admitted, ""},
         }) {
        const Fields fields(row.fields);
        const BodyFault fault = fault_of_body_fields(fields.head.fields, Api::chat, http::ContentCoding::identity);
        EXPECT_EQ(fault.reason, row.reason) << row.fields;
        EXPECT_EQ(fault.detail, row.detail) << row.fields;
    }
}

TEST(BodyFields, MayNameAFormOnTheCallThatTakesOne) {
    const Fields fields("Content-Type: multipart/form-data; boundary=b\r\n");
    const auto identity = http::ContentCoding::identity;
    EXPECT_EQ(fault_of_body_fields(fields.head.fields, Api::videos, identity).reason, Reason::admitted);
}

TEST(BodyFields, MayNameAnUnknownCodingOnlyWhereTheBodyIsNotRead) {
    const Fields fields("Content-Encoding: lzma\r\n");
    const auto reason_on = [&](Api api) {
        return fault_of_body_fields(fields.head.fields, api, http::ContentCoding::unknown).reason;
    };
    EXPECT_EQ(reason_on(Api::chat), Reason::unsupported_coding);
    EXPECT_EQ(reason_on(Api::other), Reason::admitted);
}

}  // namespace
}  // namespace weir::downstream
