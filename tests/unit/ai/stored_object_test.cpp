#include "ai/stored_object.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

TEST(StoredObject, IsNamedByTheAnswersOfSomeRequests) {
    for (const char* path :
         {"/v1/responses", "/v1/files/", "/v1/batches/b", "/v1/batches/b/cancel", "/v1/uploads/upload_1/complete"}) {
        EXPECT_TRUE(names_stored("POST", path)) << path;
    }
    EXPECT_TRUE(names_stored("GET", "/v1/batches/b"));
    for (const char* path : {"/v1/files/x", "/v1/chat/completions", "/v1", "/v1/", "/v1/uploads/upload_1/parts"}) {
        EXPECT_FALSE(names_stored("POST", path)) << path;
    }
    for (const char* path : {"/v1/files", "/v1/batches", "/v1/responses/x", "/v1/uploads/upload_1/complete"}) {
        EXPECT_FALSE(names_stored("GET", path)) << path;
    }
}

using Ids = std::vector<std::string>;

TEST(StoredObject, IsReadFromTheBeginningOfAnAnswer) {
    EXPECT_EQ(named_ids("/v1/files", R"({"object":"file","id":"file-1","bytes":3})"), Ids{"file-1"});
    EXPECT_EQ(named_ids("/v1/responses", R"( {"id":"a\u0062","truncated":"her)"), Ids{"ab"});
    EXPECT_EQ(named_ids("/v1/responses",
                        "event: response.created\ndata: {\"type\":\"x\",\"response\":{\"id\":\"resp_1\",\"model\":\"m"),
              Ids{"resp_1"});
    for (const char* text : {"", "x", "{}", R"({"id":7})", R"({"id":""})", "data: {\"id\":\"a\"}",
                             R"({"a":{"id":"b"}})", R"({"output_file_id":"c","file":{"id":"d"}})"}) {
        EXPECT_EQ(named_ids("/v1/responses", text), Ids{}) << text;
    }
    EXPECT_EQ(named_ids("/v1/files", "{\"id\":\"" + std::string(300, 'x') + "\"}"), Ids{});
}

TEST(StoredObject, IsAFileThatABatchHasWritten) {
    const char* path = "/v1/batches/b";
    EXPECT_EQ(named_ids(path, R"({"id":"b","output_file_id":"o","error_file_id":"e","metadata":{}})"),
              (Ids{"b", "o", "e"}));
    EXPECT_EQ(named_ids(path, R"({"id":"b","output_file_id":null,"error_file_id":"e","more":)"), (Ids{"b", "e"}));
    EXPECT_EQ(named_ids(path, R"({"id":"b","file":{"id":"f"}})"), Ids{"b"});
}

TEST(StoredObject, IsTheFileOfACompletedUpload) {
    const char* path = "/v1/uploads/upload_1/complete";
    EXPECT_EQ(named_ids(path, R"({"id":"upload_1","status":"completed","file":{"object":"file","id":"f"}})"),
              (Ids{"upload_1", "f"}));
    EXPECT_EQ(named_ids(path, R"({"id":"upload_1","file":null,"output_file_id":"o"})"), Ids{"upload_1"});
}

}  // namespace
}  // namespace weir::ai
