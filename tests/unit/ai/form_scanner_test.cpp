#include "ai/form_scanner.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

RequestFacts read_form(std::string_view body, std::string_view type = "multipart/form-data; boundary=b",
                       std::size_t piece = 1) {
    FormScanner scanner(Api::videos, type);
    while (!body.empty()) {
        scanner.push(body.substr(0, piece));
        body.remove_prefix(std::min(piece, body.size()));
    }
    return scanner.finish();
}

std::string field(std::string_view name, std::string_view value) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" + std::string(value) +
           "\r\n";
}

TEST(FormScanner, ReadsFieldsAroundFiles) {
    const std::string file =
        "--b\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"a "
        "\\\"b\\\".png\"\r\nContent-Type: image/png\r\n\r\n" +
        std::string(100'000, '\r') + "\r\n--c\r\n-- b\r\n--" + std::string(100, '\n') + "\r\n";
    const std::string body = field("model", "sora-2") + file + field("seconds", "12") + "--b--\r\nepilogue";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, body.size()}) {
        const RequestFacts facts = read_form(body, "Multipart/Form-Data; charset=x; boundary=\"b\"", piece);
        EXPECT_EQ(facts.fault, "");
        EXPECT_EQ(facts.text(Member::model), "sora-2");
        EXPECT_EQ(facts.text(Member::seconds), "12");
        EXPECT_EQ(facts.body_bytes, body.size());
    }
}

TEST(FormScanner, FindsNoFieldInsideAnother) {
    const RequestFacts facts = read_form(field("prompt", "name=\"seconds\"\r\n\r\n12\r\n") + "--b--");
    EXPECT_EQ(facts.fault, "");
    EXPECT_FALSE(facts.at(Member::seconds).there());
}

TEST(FormScanner, KeepsAValueToItsLastByte) {
    EXPECT_EQ(read_form(field("model", "a\r\n--\r\n-b") + "--b--").text(Member::model), "a\r\n--\r\n-b");
    EXPECT_EQ(read_form("preamble\r\n" + field("model", "") + "--b--").text(Member::model), "");
}

TEST(FormScanner, SaysWhereAValueIs) {
    for (const std::string_view value : {"sora-2", "", "a\r\nb"}) {
        const std::string body = "preamble\r\n" + field("seconds", "4") + field("model", value) + "--b--";
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, body.size()}) {
            const RequestFacts facts = read_form(body, "multipart/form-data; boundary=b", piece);
            const MemberSpan& span = facts.at(Member::model);
            EXPECT_EQ(body.substr(span.value, span.end - span.value), value);
            EXPECT_EQ(span.value, body.find("name=\"model\"") + 16);
        }
    }
}

TEST(FormScanner, RefusesWhatReadersInterpretDifferently) {
    for (const std::string& body : {
             field("seconds", "4") + field("seconds", "20") + "--b--",
             field("seconds", std::string(600, '4')) + "--b--",
             field("seconds", "4"),
             std::string("--b\r\nContent-Disposition: form-data; name=seconds\r\n\r\n4\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data; name*=utf-8''seconds\r\n\r\n4\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data; name=\"x\"; name=\"seconds\"\r\n\r\n4\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data; name=\"sec\\onds\"\r\n\r\n4\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data; name=\"seconds\"; filename=\"x\"\r\n\r\n4\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data; name=\"seconds\"\r\nContent-Transfer-Encoding: "
                         "quoted-printable\r\n\r\n=34\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; "
                         "name=\"seconds\"\r\n\r\n4\r\n--b--"),
             std::string("--b\r\nContent-Disposition: form-data;\r\n name=\"seconds\"\r\n\r\n4\r\n--b--"),
             std::string("--b \r\nContent-Disposition: form-data; name=\"seconds\"\r\n\r\n4\r\n--b--"),
             std::string("--b\nContent-Disposition: form-data; name=\"seconds\"\n\n4\n--b--"),
             std::string("--b\r\nContent-Type: text/plain\r\n\r\n4\r\n--b--"),
             std::string("no form"),
         }) {
        EXPECT_NE(read_form(body).fault, "") << body.substr(0, 100);
        EXPECT_TRUE(read_form(body).class_unclear) << body.substr(0, 100);
    }
}

TEST(FormScanner, RequiresOneBoundary) {
    const std::string body = field("seconds", "4") + "--b--";
    for (const char* type :
         {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b; boundary=c",
          "multipart/form-data; boundary=\"b", "multipart/form-data; boundary"}) {
        EXPECT_NE(read_form(body, type).fault, "") << type;
    }
}

TEST(FormScanner, AcceptsTheUsualFormsOfAFlag) {
    EXPECT_TRUE(read_form(field("stream", "True") + "--b--").stream);
    EXPECT_TRUE(read_form(field("stream", "1") + "--b--").stream);
    EXPECT_FALSE(read_form(field("stream", "false") + "--b--").stream);
    EXPECT_NE(read_form(field("stream", "maybe") + "--b--").fault, "");
}

}  // namespace
}  // namespace weir::ai
