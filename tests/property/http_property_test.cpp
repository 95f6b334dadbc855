#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "http/head.hpp"
#include "support/bodies.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

using test::NamesAndValues;

std::string token_of(const std::vector<std::uint8_t>& picks) {
    static constexpr std::string_view kChars = "abcxyzABCXYZ019!#$%&'*+-.^_`|~";
    std::string token = "Y";  // so that no meaningful name comes out by chance
    for (const std::uint8_t pick : picks) token += kChars[pick % kChars.size()];
    return token;
}

// Anything that may stand in a value: visible bytes, those above ASCII, and spaces within.
std::string value_of(const std::vector<std::uint8_t>& picks) {
    std::string value;
    for (const std::uint8_t pick : picks) value += static_cast<char>(pick < 0x21 || pick == 0x7F ? ' ' : pick);
    return std::string(trim(value));
}

rc::Gen<NamesAndValues> fields() {
    const auto bytes = rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
    return rc::gen::container<NamesAndValues>(
        rc::gen::pair(rc::gen::map(bytes, token_of), rc::gen::map(bytes, value_of)));
}

std::string lines_of(const NamesAndValues& fields) {
    std::string lines;
    for (const auto& [name, value] : fields) lines.append(name).append(": ").append(value).append("\r\n");
    return lines;
}

RC_GTEST_PROP(RequestHeadProperty, EveryProperPrefixNeedsMoreAndTheWholeIsComplete, ()) {
    auto sent = *fields();
    if (sent.size() > 90) sent.resize(90);
    const std::string text = test::post_with(lines_of(sent));
    sent.insert(sent.begin(), {"Host", "a"});
    RequestHead head;
    for (std::size_t size = 0; size < text.size(); ++size) {
        RC_ASSERT(parse_request(std::string_view(text).substr(0, size), {}, head).status == ParseStatus::need_more);
    }
    const ParseResult result = parse_request(text, {}, head);
    RC_ASSERT(result.status == ParseStatus::complete);
    RC_ASSERT(result.consumed == text.size());
    RC_ASSERT(test::names_and_values(head.fields) == sent);
}

RC_GTEST_PROP(ResponseHeadProperty, EveryProperPrefixNeedsMoreAndTheWholeIsComplete, ()) {
    auto sent = *fields();
    if (sent.size() > 90) sent.resize(90);
    const std::string text = test::answer_with(lines_of(sent));
    ResponseHead head;
    for (std::size_t size = 0; size < text.size(); ++size) {
        RC_ASSERT(parse_response(std::string_view(text).substr(0, size), {}, false, head).status ==
                  ParseStatus::need_more);
    }
    RC_ASSERT(parse_response(text, {}, false, head).status == ParseStatus::complete);
    RC_ASSERT(test::names_and_values(head.fields) == sent);
}

// On any input, the parser neither crashes nor reads past it.
RC_GTEST_PROP(RequestHeadProperty, TakesAnyBytes, (const std::vector<std::uint8_t>& noise, std::uint16_t at)) {
    std::string text = test::post_with("Content-Length: 5\r\nConnection: close\r\n");
    text.insert(at % (text.size() + 1), std::string(noise.begin(), noise.end()));
    RequestHead head;
    const ParseResult result = parse_request(text, {}, head);
    RC_ASSERT(result.consumed <= text.size());
    RC_ASSERT((result.status == ParseStatus::refused) == !result.detail.empty());
}

// A body in chunks of the given contents, with extensions and trailers as they may be.
std::string chunked(const std::vector<std::string>& contents, bool with_extras) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string bytes;
    for (const std::string& content : contents) {
        if (content.empty()) continue;
        bytes += kHex[content.size() >> 4 & 0xF];
        bytes += kHex[content.size() & 0xF];
        if (with_extras) bytes += ";x=\"y\"";
        bytes.append("\r\n").append(content).append("\r\n");
    }
    return bytes + (with_extras ? "0;z\r\nX-T: 1\r\n\r\n" : "0\r\n\r\n");
}

std::vector<std::string_view> split(std::string_view bytes, const std::vector<std::uint8_t>& sizes) {
    std::vector<std::string_view> pieces;
    for (const std::size_t size : sizes) {
        if (bytes.empty()) break;
        pieces.push_back(bytes.substr(0, size % 16));
        bytes.remove_prefix(pieces.back().size());
    }
    pieces.push_back(bytes);
    return pieces;
}

RC_GTEST_PROP(BodyReaderProperty, AnyChunksInAnyPiecesGiveTheSameContent,
              (std::vector<std::string> contents, bool with_extras)) {
    std::string all;
    for (std::string& content : contents) {
        content.resize(content.size() % 200);
        all += content;
    }
    const std::string bytes = chunked(contents, with_extras && contents.size() < 200);
    const auto body = test::read_body(BodyReader(Framing::chunked, 0),
                                      split(bytes, *rc::gen::arbitrary<std::vector<std::uint8_t>>()));
    RC_ASSERT(body.done);
    RC_ASSERT(body.content == all);
    RC_ASSERT(body.consumed == bytes.size());
}

RC_GTEST_PROP(BodyReaderProperty, ALengthInAnyPiecesGivesTheSameContent,
              (const std::string& content, const std::string& next)) {
    const std::string bytes = content + next;
    const auto body = test::read_body(BodyReader(content.empty() ? Framing::none : Framing::length, content.size()),
                                      split(bytes, *rc::gen::arbitrary<std::vector<std::uint8_t>>()));
    RC_ASSERT(body.content == content);
    RC_ASSERT(body.consumed == content.size());
}

// One changed byte of the frame either breaks the body or leaves its framing: no byte beyond the input is consumed, and
// the content stays within it.
RC_GTEST_PROP(BodyReaderProperty, JunkNeitherCrashesNorGoesTooFar,
              (const std::string& content, std::uint16_t at, char junk)) {
    std::string bytes = chunked({content.substr(0, 200)}, true);
    bytes[at % bytes.size()] = junk;
    const auto body = test::read_body(BodyReader(Framing::chunked, 0), {bytes});
    RC_ASSERT(body.consumed <= bytes.size());
    RC_ASSERT(body.content.size() == body.counted);
    RC_ASSERT(!(body.done && body.failed));
}

RC_GTEST_PROP(BodyReaderProperty, JunkBeforeAChunksSizeFails, (const std::string& content, char junk)) {
    RC_PRE(std::string_view("0123456789abcdefABCDEF").find(junk) == std::string_view::npos);
    const auto body =
        test::read_body(BodyReader(Framing::chunked, 0), {junk + chunked({content.substr(0, 200)}, false)});
    RC_ASSERT(body.failed);
}

}  // namespace
}  // namespace weir::http
