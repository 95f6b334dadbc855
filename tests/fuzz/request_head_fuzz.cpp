// A request's head: no crash, nothing beyond the bytes given, and the same verdict however the bytes arrive.

#include "fuzz/input.hpp"
#include "http/head.hpp"
#include "http/strict.hpp"

using namespace weir;
using http::ParseStatus;
using test::is_within;
using test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static http::RequestHead head;
    const test::FuzzInput input(data, size);
    const http::HeadLimits limits{.bytes = 64U << (input.choice & 7), .fields = 1U + (input.choice >> 4), .target = 64};
    const http::ParseResult whole = http::parse_request(input.bytes, limits, head);
    require(whole.consumed <= input.bytes.size());
    require((whole.status == ParseStatus::refused) == !whole.detail.empty());
    if (whole.status == ParseStatus::need_more) require(input.bytes.size() < limits.bytes);
    if (whole.status != ParseStatus::complete) return 0;

    require(whole.consumed <= limits.bytes && head.fields.size() <= limits.fields);
    // A path that was not in its normal form has been rewritten.
    const bool has_place = is_within(head.target, input.bytes) || is_within(head.target, head.target_buffer);
    require(http::is_token(head.method) && (has_place || head.target == "/"));
    for (const http::Field& field : head.fields) {
        require(http::is_token(field.name) && is_within(field.name, input.bytes) &&
                is_within(field.value, input.bytes));
        for (const char c : field.value) require(!http::is_control(c));
    }
    require(head.framing != http::Framing::until_close);
    require((head.framing == http::Framing::length) == (head.content_length > 0));
    if (head.minor_version >= 1) require(head.fields.has(http::FieldId::host));
    // Bytes that come one by one end at the same place.
    const std::string_view one_short = input.bytes.substr(0, whole.consumed - 1);
    require(http::parse_request(one_short, limits, head).status == ParseStatus::need_more);
    const std::string_view half = input.bytes.substr(0, whole.consumed / 2);
    require(http::parse_request(half, limits, head).status == ParseStatus::need_more);
    return 0;
}
