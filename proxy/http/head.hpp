#pragma once
// The meaning of a head that has been found to have exactly one.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/reason.hpp"
#include "http/field.hpp"

namespace weir::http {

// How the body is delimited (RFC 9112 section 6).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

// Most members in the Connection fields of a head together: each may remove a field, so the cost is the product of
// members and fields. Empty members count by their bytes.
inline constexpr std::size_t kMaxConnectionMembers = 32;
inline constexpr std::size_t kMaxConnectionBytes = 1024;
inline constexpr std::size_t kMaxEncodingBytes = 256;
// Most proxies that a request may have passed: one that has passed more is in a loop.
inline constexpr std::size_t kMaxHops = 64;

struct HeadLimits {
    std::size_t bytes = 32 * 1024;
    std::size_t fields = 100;
    std::size_t target = 8 * 1024;
    bool raw_paths = false;  // take a path as written, not in its normal form
};

struct RequestHead {
    std::string_view method;
    std::string_view target;     // origin-form, its path in normal form (http/path.hpp), or `*`
    std::string_view authority;  // of the absolute form, else of Host; may be empty in HTTP/1.0
    int minor_version = 1;       // of HTTP/1.x
    FieldTable fields;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    bool keep_alive = true;
    bool expect_continue = false;
    bool wants_upgrade = false;  // an Upgrade field that Connection names
    int max_forwards = -1;       // -1: not given
    bool usual_path = false;     // see is_usual_path()
    std::string target_buffer;   // holds the target if its path was not in normal form

    // The target without its query.
    [[nodiscard]] std::string_view path() const { return target.substr(0, target.find('?')); }
};

struct ResponseHead {
    int status = 0;
    std::string_view reason;
    int minor_version = 1;
    FieldTable fields;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    bool keep_alive = true;  // the connection can serve another exchange once this body has ended
    bool event_stream = false;
};

enum class ParseStatus : std::uint8_t { complete, need_more, refused };

struct ParseResult {
    ParseStatus status = ParseStatus::need_more;
    std::size_t consumed = 0;             // of the bytes given, when complete
    Reason reason = Reason::bad_request;  // when refused
    std::string_view detail;              // when refused: the fault, as a clause; static storage
};

// Parses a head from the start of `bytes`. Stricter than RFC 9112 requires wherever leniency has been used for request
// smuggling: no bare LF, no obs-fold, no space before the colon, no control characters, one Host, one meaning of the
// framing. On `complete` the views of `head` point into `bytes`.
[[nodiscard]] ParseResult parse_request(std::string_view bytes, const HeadLimits& limits, RequestHead& head);

// The same for a response; `to_head` when it answers a HEAD request. Answers to HEAD, 204, 304 and 1xx have no body,
// whatever their fields say.
[[nodiscard]] ParseResult parse_response(std::string_view bytes, const HeadLimits& limits, bool to_head,
                                         ResponseHead& head);

}  // namespace weir::http
