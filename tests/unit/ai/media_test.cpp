// Pictures, sounds and files within a prompt: found by their place, measured by their header, priced by a formula.
#include <gtest/gtest.h>

#include <string>

#include "ai/media_header.hpp"
#include "ai/media_price.hpp"
#include "ai/request_scanner.hpp"

namespace weir::ai {
namespace {

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) out.push_back(kDigits[bits >> (count - 6) & 63]);
    }
    if (count > 0) out.push_back(kDigits[bits << (6 - count) & 63]);
    while (out.size() % 4 != 0) out.push_back('=');
    return out;
}

std::string big(unsigned value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return out;
}

std::string little(unsigned value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return out;
}

std::string png(unsigned width, unsigned height, std::size_t size) {
    std::string bytes = "\x89PNG\r\n\x1A\n" + big(13, 4) + "IHDR" + big(width, 4) + big(height, 4);
    bytes.resize(size, 'x');
    return bytes;
}

// Its size follows a profile of 60 KB, as in a camera's files.
std::string jpeg(unsigned width, unsigned height) {
    std::string bytes = "\xFF\xD8\xFF\xE1" + big(60'000, 2) + std::string(59'998, '\xFF') + "\xFF\xFF\xC2" +
                        big(17, 2) + "\x08" + big(height, 2) + big(width, 2);
    bytes.resize(bytes.size() + 500, 'x');
    return bytes;
}

MediaHeader header_of(std::string_view bytes) {
    MediaHeader header;
    for (const char c : bytes) {
        if (header.wants_more()) header.push(static_cast<unsigned char>(c));
    }
    return header;
}

testing::AssertionResult has_size(std::string_view bytes, unsigned width, unsigned height) {
    const MediaHeader header = header_of(bytes);
    if (header.kind() != MediaKind::picture) return testing::AssertionFailure() << "not a picture";
    if (header.size().width == width && header.size().height == height) return testing::AssertionSuccess();
    return testing::AssertionFailure() << header.size().width << " x " << header.size().height;
}

TEST(MediaHeader, ReadsTheSizeOfAPicture) {
    EXPECT_TRUE(has_size(png(1024, 768, 100), 1024, 768));
    EXPECT_TRUE(has_size(jpeg(4000, 3000), 4000, 3000));
    EXPECT_TRUE(has_size("GIF89a" + little(320, 2) + little(200, 2) + std::string(40, 'x'), 320, 200));
    const std::string riff = "RIFF" + little(1000, 4) + "WEBP";
    EXPECT_TRUE(has_size(
        riff + "VP8X" + little(10, 4) + little(0, 4) + little(1919, 3) + little(1079, 3) + std::string(40, 'x'), 1920,
        1080));
    EXPECT_TRUE(has_size(
        riff + "VP8 " + little(10, 4) + "xxx\x9D\x01\x2A" + little(640, 2) + little(480, 2) + std::string(40, 'x'), 640,
        480));
    EXPECT_TRUE(
        has_size(riff + "VP8L" + little(10, 4) + "\x2F" + little(99U | 49U << 14, 4) + std::string(40, 'x'), 100, 50));
    EXPECT_TRUE(has_size(png(1024, 768, 20), 0, 0)) << "truncated";
    EXPECT_TRUE(has_size(std::string("\xFF\xD8\xFF\xE1\x00\x01", 6), 0, 0)) << "a segment shorter than its own length";
}

TEST(MediaHeader, ReadsTheBytesPerSecondOfASound) {
    const std::string wav = "RIFF" + little(1000, 4) + "WAVEfmt " + little(16, 4) + little(1, 2) + little(1, 2) +
                            little(16'000, 4) + little(32'000, 4) + std::string(40, 'x');
    EXPECT_EQ(header_of(wav).kind(), MediaKind::sound);
    EXPECT_EQ(header_of(wav).bytes_per_second(), 32'000);
    EXPECT_EQ(header_of("\xFF\xFB\x90" + std::string(60, '\0')).bytes_per_second(), 16'000);
    EXPECT_EQ(header_of("OggS" + std::string(60, 'x')).bytes_per_second(), 4000);
    EXPECT_EQ(header_of("%PDF-1.7" + std::string(60, 'x')).kind(), MediaKind::file);
    EXPECT_EQ(header_of(std::string(60, 'x')).kind(), MediaKind::unknown);
}

TEST(MediaPrice, FollowsTheEnginesFormulas) {
    EXPECT_EQ(picture_tokens(MediaFamily::openai_tiles, {1024, 1024}), 765U);
    EXPECT_EQ(picture_tokens(MediaFamily::openai_tiles, {2048, 4096}), 1105U);
    EXPECT_EQ(picture_tokens(MediaFamily::anthropic, {1000, 1000}), 1334U);
    EXPECT_EQ(picture_tokens(MediaFamily::anthropic, {8000, 8000}), 1600U);
    EXPECT_EQ(picture_tokens(MediaFamily::gemini, {384, 384}), 258U);
    EXPECT_EQ(picture_tokens(MediaFamily::gemini, {1024, 1024}), 1032U);
    EXPECT_EQ(picture_tokens(MediaFamily::qwen, {1024, 1024}), 1369U);
    EXPECT_EQ(picture_tokens(MediaFamily::qwen, {1, 1}), 4U);
    for (std::size_t i = 0; i < kMediaFamilies; ++i) {
        EXPECT_LT(picture_tokens(static_cast<MediaFamily>(i), {0xFFFFFFFF, 0xFFFFFFFF}), 100'000U);
        EXPECT_GT(picture_tokens(static_cast<MediaFamily>(i), {}), 1000U);
    }
}

TEST(MediaPrice, FollowsTheModel) {
    EXPECT_EQ(media_family("gpt-4o-mini-2024"), MediaFamily::openai_mini);
    EXPECT_EQ(media_family("openai/gpt-4o"), MediaFamily::openai_tiles);
    EXPECT_EQ(media_family("Qwen/Qwen2.5-VL-7B-Instruct"), MediaFamily::qwen);
    EXPECT_EQ(media_family("anthropic/claude-sonnet-4"), MediaFamily::anthropic);
    EXPECT_EQ(media_family("large-8b"), MediaFamily::other);
    EXPECT_EQ(media_family(""), MediaFamily::other);
}

struct Priced {
    std::uint64_t bytes;
    std::uint32_t parts;
    std::uint32_t tokens;
};
Priced price(const std::string& body, Api api = Api::chat) {
    const RequestFacts facts = read_facts(api, body);
    EXPECT_EQ(facts.fault, "");
    EXPECT_TRUE(facts.is_object);
    return {facts.media.bytes, facts.media.parts, facts.media.of(MediaFamily::openai_tiles)};
}

std::string with_parts(const std::string& parts) {
    return R"({"messages":[{"role":"user","content":[{"type":"text","text":"what is this?"},)" + parts +
           R"(]}],"model":"gpt-4o"})";
}

TEST(MediaText, APictureInADataUrlIsNotText) {
    const std::string code = base64(png(1024, 1024, 300'000));
    const Priced priced = price(with_parts(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + code +
                                           R"(","detail":"high"}})"));
    EXPECT_EQ(priced.parts, 1U);
    EXPECT_EQ(priced.tokens, 765U);
    EXPECT_EQ(priced.bytes, code.size() + 22);
}

TEST(MediaText, IsFoundWhereverAnApiPutsIt) {
    const std::string code = base64(png(1024, 1024, 3000));
    const std::string url = "\"data:image/png;base64," + code + "\"";
    EXPECT_EQ(price(with_parts(R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":")" + code +
                               "\"}}"),
                    Api::messages)
                  .tokens,
              765U);
    EXPECT_EQ(price(with_parts(R"({"type":"image","source":{"data":")" + code +
                               R"(","media_type":"image/png","type":"base64"}})"),
                    Api::messages)
                  .tokens,
              765U);
    EXPECT_EQ(
        price(with_parts(R"({"type":"tool_result","content":[{"type":"image","source":{"type":"base64","data":")" +
                         code + "\"}}]}"),
              Api::messages)
            .tokens,
        765U);
    EXPECT_EQ(price(R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":)" + url + "}]}]}",
                    Api::responses)
                  .tokens,
              765U);
    EXPECT_EQ(price(R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":")" + code + "\"}}]}]}",
                    Api::other)
                  .tokens,
              765U);
    EXPECT_EQ(
        price(R"({"messages":[{"role":"user","content":"x","images":[")" + code + "\",\"" + code + "\"]}]}").tokens,
        1530U);
    EXPECT_EQ(price(with_parts(R"({"type":"image_url","image_url":{"detail":5,"url":)" + url + "}}")).tokens, 765U);
}

TEST(MediaText, IsReadThroughJsonsEscapes) {
    std::string code = base64(png(1024, 1024, 3000));
    std::string escaped = "data:image\\/png;base64,";
    for (const char c : code) escaped += c == '+' ? "\\u002B" : c == '/' ? "\\/" : std::string(1, c);
    EXPECT_EQ(price(with_parts(R"({"image_url":{"url":")" + escaped + "\"}}")).tokens, 765U);
}

TEST(MediaText, IsNotFoundWhereAnEngineReadsText) {
    const std::string code = base64(png(1024, 1024, 3000));
    const std::string url = "\"data:image/png;base64," + code + "\"";
    for (const std::string& part :
         {R"({"type":"text","text":)" + url + "}",
          R"({"type":"tool_use","input":{"source":{"type":"base64","data":")" + code + "\"}}}",
          R"({"type":"tool_use","input":{"image_url":{"url":)" + url + "}}}",
          R"({"type":"document","source":{"type":"text","data":")" + code + "\"}}",
          R"({"type":"document","source":{"type":"base64","data":")" + code + R"(","type":"text"}})",
          R"({"type":"text","data":")" + code + "\"}",
          R"({"image_url":{"url":"data:text/plain;base64,)" + code + "\"}}"}) {
        EXPECT_EQ(price(with_parts(part)).bytes, 0U) << part.substr(0, 80);
    }
    EXPECT_EQ(price(R"({"prompt":)" + url + R"(,"tools":[{"image_url":{"url":)" + url + "}}]}", Api::completions).bytes,
              0U);
}

TEST(MediaText, BehindALinkIsPricedAtTheBound) {
    const Priced priced = price(with_parts(R"({"image_url":{"url":"https://example.com/cat.png"}})"));
    EXPECT_EQ(priced.parts, 1U);
    EXPECT_EQ(priced.bytes, 0U) << "the link is text";
    EXPECT_GT(priced.tokens, 1000U);
}

TEST(MediaText, OfAnUnknownFormatIsPricedAtTheBound) {
    const std::string noise(225'000, '\x5A');
    EXPECT_LE(price(with_parts(R"({"image_url":{"url":"data:image/png;base64,)" + base64(noise) + "\"}}")).tokens,
              1600U);
    EXPECT_LE(price(with_parts(R"({"input_audio":{"format":"mp3","data":")" + base64(noise) + "\"}}")).tokens, 2000U);
    EXPECT_LE(
        price(with_parts(R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,)" +
                         base64(noise) + "\"}}"))
            .tokens,
        10'000U);
}

}  // namespace
}  // namespace weir::ai
