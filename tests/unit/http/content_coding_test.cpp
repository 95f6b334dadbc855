#include "http/content_coding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <string>

namespace weir::http {
namespace {

std::string deflated(std::string_view text, int window) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
    std::string out(text.size() + 1000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

std::string decoded(ContentCoding coding, std::string_view bytes, std::size_t piece) {
    ContentDecoder decoder(coding);
    std::string out;
    std::array<char, 1000> buffer;
    while (!bytes.empty()) {
        std::string_view part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        for (;;) {
            const ContentDecoder::Step step = decoder.step(part, buffer);
            if (step.failed) return "failed";
            part.remove_prefix(step.consumed);
            out.append(buffer.data(), step.produced);
            if (step.produced < buffer.size() && (part.empty() || step.consumed == 0)) break;
        }
        if (!part.empty()) return "left over";
    }
    return decoder.complete() ? out : "not complete";
}

const std::string& text() {
    static const std::string made = [] {
        std::string all;
        for (int i = 0; i < 5000; ++i) all += "{\"n\":" + std::to_string(i * i) + "}";
        return all;
    }();
    return made;
}

TEST(ContentDecoder, DecodesInPiecesOfAnySize) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{1'000'000}}) {
        EXPECT_EQ(decoded(ContentCoding::gzip, deflated(text(), MAX_WBITS + 16), piece), text());
        EXPECT_EQ(decoded(ContentCoding::deflate, deflated(text(), MAX_WBITS), piece), text());
        EXPECT_EQ(decoded(ContentCoding::deflate, deflated(text(), -MAX_WBITS), piece), text())
            << "bare, as some clients send it";
        EXPECT_EQ(decoded(ContentCoding::zstd, zstd(text()), piece), text());
    }
    // `brotli -q 1` of "hello"
    EXPECT_EQ(decoded(ContentCoding::br, std::string_view("\x0b\x02\x80hello\x03", 9), 1), "hello");
}

TEST(ContentDecoder, ReadsSeveralMembersAsOneText) {
    EXPECT_EQ(decoded(ContentCoding::gzip, deflated("a", MAX_WBITS + 16) + deflated("b", MAX_WBITS + 16), 1), "ab");
    EXPECT_EQ(decoded(ContentCoding::zstd, zstd("a") + zstd("b"), 3), "ab");
}

TEST(ContentDecoder, DetectsTruncatedInput) {
    for (const ContentCoding coding : {ContentCoding::gzip, ContentCoding::zstd}) {
        const std::string coded = coding == ContentCoding::gzip ? deflated(text(), MAX_WBITS + 16) : zstd(text());
        EXPECT_EQ(decoded(coding, coded.substr(0, coded.size() / 2), 100), "not complete");
        EXPECT_NE(decoded(coding, coded + "x", 100), text());
        EXPECT_EQ(decoded(coding, "{\"model\":\"m\"}", 100), "failed");
    }
    EXPECT_EQ(decoded(ContentCoding::deflate, deflated("a", MAX_WBITS) + "b", 1), "failed");
}

TEST(ContentDecoder, HoldsABoundedWindow) {
    // A frame that asks for a window of 128 MiB.
    std::string frame("\x28\xB5\x2F\xFD\x00\x88", 6);
    EXPECT_EQ(decoded(ContentCoding::zstd, frame + std::string(20, 'x'), 100), "failed");
    ContentDecoder gzip(ContentCoding::gzip);
    EXPECT_LE(gzip.memory(), 64U * 1024);
}

TEST(ContentCoding, IsOneAtMost) {
    const auto coding = [](std::string_view value) {
        FieldTable fields;
        EXPECT_TRUE(fields.add({"Content-Encoding", value, identify("Content-Encoding")}));
        return content_coding(fields);
    };
    EXPECT_EQ(coding("gzip"), ContentCoding::gzip);
    EXPECT_EQ(coding("X-GZIP"), ContentCoding::gzip);
    EXPECT_EQ(coding("identity"), ContentCoding::identity);
    EXPECT_EQ(coding("zstd"), ContentCoding::zstd);
    EXPECT_EQ(coding("gzip, br"), ContentCoding::unknown);
    EXPECT_EQ(coding("compress"), ContentCoding::unknown);
    EXPECT_EQ(coding(""), ContentCoding::identity);
}

}  // namespace
}  // namespace weir::http
