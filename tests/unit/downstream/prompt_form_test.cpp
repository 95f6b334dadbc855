#include <gtest/gtest.h>

#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using test::OneClient;
using test::post_to;
using test::PreparedPrompt;
using test::RoutingParts;
using Head = PreparedPrompt::Head;

constexpr std::string_view kTranscriptions = "/v1/audio/transcriptions";

std::string form(std::string_view model) {
    const std::string field = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n";
    return field + std::string(model) +
           "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nlarge\r\n--b--";
}

Head head(std::string_view path, std::size_t size) {
    return {post_to(
        path, "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: " + std::to_string(size) + "\r\n")};
}

class FormPrompt : public testing::Test {
protected:
    FormPrompt() { parts_.backend.models = {{"large", "up-1"}, {"small", "a-much-longer-name"}}; }

    // The body that goes to the backend.
    std::string sent(const std::string& body, std::string_view path = kTranscriptions) {
        OneClient one(parts_);
        PreparedPrompt prepared(one, head(path, body.size()), body);
        EXPECT_EQ(prepared.fault(), "");
        prepared.prompt.name_model_in_form(parts_.backend, prepared.upload);
        return prepared.body();
    }

    RoutingParts parts_;
};

TEST_F(FormPrompt, NamesItsModelAsTheBackendDoes) {
    EXPECT_EQ(sent(form("large")), form("up-1"));
    EXPECT_EQ(sent(form("small")), form("a-much-longer-name"));
    EXPECT_EQ(sent(form("other")), form("other"));
    EXPECT_EQ(sent(form("large"), "/v1/videos"), form("up-1"));
    EXPECT_EQ(sent(form("large"), "/v1/files"), form("large")) << "such a form names no model";
}

TEST_F(FormPrompt, NamesItAnewForEachBackend) {
    OneClient one(parts_);
    const std::string body = form("large");
    PreparedPrompt prepared(one, head(kTranscriptions, body.size()), body);
    upstream::BackendConfig other;
    other.models = {{"large", "elsewhere"}};
    for (const auto& [config, name] : {std::pair{&parts_.backend, "up-1"}, {&other, "elsewhere"}}) {
        prepared.prompt.name_model_in_form(*config, prepared.upload);
        EXPECT_EQ(prepared.body(), form(name));
        EXPECT_EQ(prepared.prompt.model_for_client(), "large");
    }
    prepared.prompt.name_model_in_form({}, prepared.upload);
    EXPECT_EQ(prepared.body(), body);
    EXPECT_EQ(prepared.prompt.model_for_client(), "");
}

}  // namespace
}  // namespace weir::downstream
