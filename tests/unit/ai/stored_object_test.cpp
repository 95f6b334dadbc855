#include "ai/stored_object.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

TEST(StoredObject, IsNamedByItsPath) {
    EXPECT_EQ(stored_id("/v1/responses/resp_1"), "resp_1");
    EXPECT_EQ(stored_id("/v1/responses/resp_1/input_items"), "resp_1");
    EXPECT_EQ(stored_id("/v1/files/file-1/content"), "file-1");
    EXPECT_EQ(stored_id("/v1/batches/b/cancel"), "b");
    for (const char* path :
         {"/v1/files", "/v1/files/", "/v1/models/x", "/v1/filesystem/x", "/files/x", "/v1", "", "/v1/"}) {
        EXPECT_EQ(stored_id(path), "") << path;
    }
}

TEST(StoredObject, IsMadeOnThePathOfItsKind) {
    EXPECT_TRUE(makes_stored("/v1/responses"));
    EXPECT_TRUE(makes_stored("/v1/files/"));
    for (const char* path : {"/v1/files/x", "/v1/chat/completions", "/v1", "/v1/"}) {
        EXPECT_FALSE(makes_stored(path)) << path;
    }
}

TEST(StoredObject, IsReadFromTheBeginningOfAnAnswer) {
    EXPECT_EQ(made_id(R"({"object":"file","id":"file-1","bytes":3})"), "file-1");
    EXPECT_EQ(made_id(R"( {"id":"a\u0062","truncated":"her)"), "ab");
    EXPECT_EQ(made_id("event: response.created\ndata: {\"type\":\"x\",\"response\":{\"id\":\"resp_1\",\"model\":\"m"),
              "resp_1");
    for (const char* text :
         {"", "x", "{}", R"({"id":7})", R"({"id":""})", "data: {\"id\":\"a\"}", R"({"a":{"id":"b"}})"}) {
        EXPECT_EQ(made_id(text), "") << text;
    }
    EXPECT_EQ(made_id("{\"id\":\"" + std::string(300, 'x') + "\"}"), "");
}

}  // namespace
}  // namespace weir::ai
