#include "downstream/transfer/usage_filter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace weir::downstream {
namespace {

constexpr std::string_view kUsage =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";

// What a client gets of `text`, sent in pieces of `size` bytes, `slices` of them at a time.
std::string passed(std::string_view text, std::size_t size = std::string_view::npos, std::size_t slices = 1) {
    UsageFilter filter;
    ai::EventScanner scanner;
    std::string out;
    while (!text.empty()) {
        UsageFilter::Passed batch;
        for (std::size_t i = 0; i < slices && !text.empty(); ++i) {
            const std::string_view piece = text.substr(0, size);
            text.remove_prefix(piece.size());
            filter.pass(scanner, piece, batch);
        }
        if (text.empty()) filter.end(scanner, batch);
        for (const std::string_view piece : batch.pieces()) out.append(piece);
    }
    return out;
}

std::string chat(std::string_view word) {
    return "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(word) + "\"}}]}\n\n";
}

TEST(UsageFilter, TakesTheUsageChunkOutAndNothingElse) {
    const std::string before = ": hello\n\n" + chat("a") + chat("b");
    const std::string after = "data: [DONE]\n\n";
    const std::string text = before + std::string(kUsage) + after;
    for (std::size_t size = 1; size <= text.size(); ++size) {
        EXPECT_EQ(passed(text, size), before + after) << size;
        EXPECT_EQ(passed(text, size, 12), before + after) << size;
    }
}

TEST(UsageFilter, LeavesUsageThatComesWithAnAnswer) {
    const std::string text = "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":5}}\n\n";
    EXPECT_EQ(passed(text), text);
    EXPECT_EQ(passed("data: {\"choices\":[],\"usage\":null}\n\n"), "data: {\"choices\":[],\"usage\":null}\n\n");
}

TEST(UsageFilter, LetsCommentsPassAtOnce) {
    UsageFilter filter;
    ai::EventScanner scanner;
    const auto passes = [&](std::string_view content) {
        UsageFilter::Passed batch;
        filter.pass(scanner, content, batch);
        std::string out;
        for (const std::string_view piece : batch.pieces()) out.append(piece);
        return out;
    };
    EXPECT_EQ(passes(": ping\n"), ": ping\n") << "engines keep a stream alive so while they think";
    EXPECT_EQ(passes(": pi"), ": pi");
    EXPECT_EQ(passes("ng\r\n"), "ng\r\n");
    EXPECT_EQ(passes("data: {\"id\":1,"), "");
    EXPECT_EQ(passes("\"choices\":[{"), "data: {\"id\":1,\"choices\":[{") << "no such chunk has any";
    EXPECT_EQ(passes("}]}\n\n"), "}]}\n\n");
    EXPECT_EQ(passes(": x\ndata: {\"usage\":{\"total_tokens\":1}}\r\r"), ": x\n");
}

TEST(UsageFilter, KnowsTheChunkInEveryShape) {
    for (const char* chunk : {"{\"choices\":null,\"usage\":{\"total_tokens\":9}}", "{\"usage\":{\"prompt_tokens\":5}}",
                              "{\"usage\":{\"total_tokens\":9},\"choices\":[]}"}) {
        for (const char* end : {"\n\n", "\r\n\r\n", "\r\r", "\n", ""}) {
            const std::string text = chat("a") + "data: " + chunk + end;
            for (const std::size_t size : {std::size_t{1}, std::size_t{5}, text.size()}) {
                EXPECT_EQ(passed(text, size), chat("a")) << chunk << size;
            }
        }
    }
}

TEST(UsageFilter, HoldsNothingBackAtTheEnd) {
    const std::string cut = chat("a") + std::string(kUsage.substr(0, 20));
    EXPECT_EQ(passed(cut), cut);
    EXPECT_EQ(passed(cut, 3), cut);
}

TEST(UsageFilter, HoldsNoLongEventBack) {
    std::string text = "data: {\"choices\":[],\"x\":\"" + std::string(UsageFilter::kMaxHeld * 2, 'x');
    UsageFilter filter;
    ai::EventScanner scanner;
    std::size_t out = 0;
    for (std::size_t at = 0; at < text.size(); at += 1000) {
        UsageFilter::Passed batch;
        filter.pass(scanner, std::string_view(text).substr(at, 1000), batch);
        for (const std::string_view piece : batch.pieces()) out += piece.size();
    }
    EXPECT_EQ(out, text.size());
    text += "\",\"usage\":{\"prompt_tokens\":1}}\n\n";
    EXPECT_EQ(passed(text, 1000), text) << "its beginning is out: so goes the rest";
}

RC_GTEST_PROP(UsageFilterProperty, NeverLosesAnythingElse,
              (const std::vector<std::uint8_t>& picks, std::uint8_t size)) {
    std::string text;
    std::string expected;
    for (const std::uint8_t pick : picks) {
        const std::string event = pick % 3 == 0 ? std::string(kUsage) : pick % 3 == 1 ? chat("w") : ": c\r\n\r\n";
        text += event;
        if (pick % 3 != 0) expected += event;
    }
    // Twelve slices of a hundred bytes hold no more than a batch has room for.
    RC_ASSERT(passed(text, size % 100 + 1U, 12) == expected);
}

}  // namespace
}  // namespace weir::downstream
