// A response's head: no crash, nothing beyond the bytes given, one meaning of where its body ends.

#include "fuzz/input.hpp"
#include "http/head.hpp"
#include "http/strict.hpp"

using namespace weir;
using http::Framing;
using http::ParseStatus;
using test::is_within;
using test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static http::ResponseHead head;
    const test::FuzzInput input(data, size);
    const bool to_head = (input.choice & 1) != 0;
    const http::HeadLimits limits{.bytes = 4096, .fields = 20, .target = 4096};
    const http::ParseResult whole = http::parse_response(input.bytes, limits, to_head, head);
    require(whole.consumed <= input.bytes.size());
    require((whole.status == ParseStatus::refused) == !whole.detail.empty());
    if (whole.status != ParseStatus::complete) return 0;

    require(head.status >= 100 && head.status <= 599);
    require(is_within(head.reason, input.bytes));
    for (const http::Field& field : head.fields) {
        require(http::is_token(field.name) && is_within(field.value, input.bytes));
        for (const char c : field.value) require(!http::is_control(c));
    }
    const bool bodiless = to_head || head.status < 200 || head.status == 204 || head.status == 304;
    if (bodiless) require(head.framing == Framing::none);
    const bool has_length = head.fields.has(http::FieldId::content_length);
    const bool has_encoding = head.fields.has(http::FieldId::transfer_encoding);
    require(!(has_length && has_encoding));
    if (!bodiless) require((head.framing == Framing::chunked) == has_encoding);
    if (head.framing == Framing::until_close) require(!head.keep_alive && !has_length);
    const std::string_view one_short = input.bytes.substr(0, whole.consumed - 1);
    require(http::parse_response(one_short, limits, to_head, head).status == ParseStatus::need_more);
    return 0;
}
