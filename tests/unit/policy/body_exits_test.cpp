#include "policy/checks/body_exits.hpp"

#include <gtest/gtest.h>

#include "support/policies.hpp"

namespace weir::policy {
namespace {

std::vector<std::string> exits_of(std::string_view classes) {
    const Policy policy = test::policy_of(
        "version: 1\nlisteners: [{ name: public, bind: \"127.0.0.1:0\" }]\n"
        "clients: { api_keys: [{ name: a, sha256: \"" +
        std::string(64, 'a') + "\" }, { name: b, sha256: \"" + std::string(64, 'b') +
        "\" }] }\n"
        "backends: [{ name: m, endpoints: \"http://127.0.0.1:1\", capacity: { requests: 1 } }]\nclasses:\n" +
        std::string(classes));
    std::vector<std::string> texts;
    for (const BodyExit& exit : body_exits(policy)) texts.push_back(to_text(exit));
    return texts;
}

TEST(BodyExits, NameTheClassThatARequestEndsUpIn) {
    EXPECT_EQ(exits_of("  - { name: bulk, match: { model: \"bulk-*\" }, backend: m, priority: sheddable }\n"
                       "  - { name: rest, match: any, backend: m, priority: high }\n"),
              std::vector<std::string>{
                  "class 'bulk': a body that says otherwise leads to 'rest', one that cannot be read to 'bulk'"});
}

TEST(BodyExits, NameAllPossibleClasses) {
    EXPECT_EQ(
        exits_of("  - { name: short, match: { path: \"/v1/*\", prompt_tokens: { max: 20 } }, backend: m }\n"
                 "  - { name: files, match: { path: /files }, backend: m }\n"
                 "  - { name: streams, match: { stream: true }, backend: m, priority: sheddable }\n"
                 "  - { name: rest, match: any, backend: m }\n"),
        (std::vector<std::string>{
            "class 'short': a body that says otherwise leads to 'streams' or 'rest', one that cannot be read to "
            "'streams'",
            "class 'streams': a body that says otherwise leads to 'rest', one that cannot be read to 'streams'"}));
}

TEST(BodyExits, LeaveOutClassesOfOtherCallers) {
    EXPECT_EQ(exits_of("  - { name: one, match: { api_key: a, stream: true }, backend: m, priority: low }\n"
                       "  - { name: other, match: { api_key: b }, backend: m }\n"
                       "  - { name: rest, match: any, backend: m, priority: low }\n"),
              std::vector<std::string>{
                  "class 'one': a body that says otherwise leads to 'rest', one that cannot be read to 'one'"});
    EXPECT_TRUE(exits_of("  - { name: rest, match: any, backend: m }\n").empty());
}

}  // namespace
}  // namespace weir::policy
