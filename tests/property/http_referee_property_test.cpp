// Beast's basic_parser as a referee: whatever our own parser accepts, Beast accepts too, and reads the same. Ours may
// refuse more, never less.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <vector>

#include "http/head.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

namespace beast = boost::beast;
using test::NamesAndValues;

// What Beast reads in a head.
template <bool IsRequest>
class Referee final : public beast::http::basic_parser<IsRequest> {
public:
    explicit Referee(std::string_view head) {
        this->skip(true);
        beast::error_code error;
        this->put(boost::asio::const_buffer(head.data(), head.size()), error);
        accepts = !error && this->is_header_done();
    }

    bool accepts = false;
    std::string method;
    int status = 0;
    std::string reason;
    int version = 0;
    NamesAndValues fields;

private:
    using Error = beast::error_code;
    void on_request_impl(beast::http::verb, beast::string_view word, beast::string_view, int number, Error&) override {
        method = std::string(word);
        version = number;
    }
    void on_response_impl(int code, beast::string_view phrase, int number, Error&) override {
        status = code;
        reason = std::string(phrase);
        version = number;
    }
    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Error&) override {
        fields.emplace_back(std::string(name), std::string(value));
    }
    void on_header_impl(Error&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
    std::size_t on_body_impl(beast::string_view, Error&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, Error&) override { return 0; }
    void on_finish_impl(Error&) override {}
};

std::string pick(const std::vector<std::string>& from) { return *rc::gen::elementOf(from); }

// Mostly valid, sometimes not.
std::string field_line() {
    const std::string name =
        pick({"X", "Host", "Connection", "Proxy-Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Expect",
              "Accept", "X-A_b~^", "Te", "", "X Y", "X\xC3\xA4", "X\xFF", "(X)", "Content-Length"});
    const std::string separator = pick({": ", ": ", ": ", ":", ":\t ", " : ", "", "::"});
    const std::string value = pick(
        {"a",    "5",       "5",   "5, 5",  "6", "chunked", "gzip, chunked", "chunked, gzip", "close", "keep-alive, x",
         "a b",  ",a,,b,",  "a;b", "\"a\"", "",  " a\t",    "\xC3\xA4",      "100-continue",  "a/b",   "+5",
         "a\tb", "\xFF\x80"});
    return name + separator + value + pick({"\r\n", "\r\n", "\r\n", "\r\n", " \r\n", "\n", "\r\n ", "\x7F\r\n"});
}

std::string fields() {
    std::string text;
    for (int count = *rc::gen::inRange(0, 5); count > 0; --count) text += field_line();
    return text + "\r\n";
}

RC_GTEST_PROP(RefereeProperty, ReadsTheSameInEveryRequestThatWeAccept, ()) {
    const std::string start =
        pick({"GET / HTTP/1.1", "POST /a?b HTTP/1.0", "OPTIONS * HTTP/1.1", "GET http://a/ HTTP/1.1", "G@T / HTTP/1.1",
              "GET  / HTTP/1.1", "GET / HTTP/1.2", "GET /\x80 HTTP/1.1", "GET /a\tb HTTP/1.1", "get / HTTP/1.1 "});
    const std::string text = start + "\r\n" + pick({"Host: a\r\n", "Host: a\r\n", ""}) + fields();
    RequestHead head;
    const ParseResult result = parse_request(text, {}, head);
    RC_TAG(result.status == ParseStatus::complete ? "taken" : "refused");
    if (result.status != ParseStatus::complete) return;
    const Referee<true> referee(std::string_view(text).substr(0, result.consumed));
    RC_ASSERT(referee.accepts);
    RC_ASSERT(referee.method == head.method);
    RC_ASSERT(referee.version == 10 + head.minor_version);
    RC_ASSERT(referee.fields == test::names_and_values(head.fields));
}

RC_GTEST_PROP(RefereeProperty, ReadsTheSameInEveryResponseThatWeAccept, ()) {
    const std::string start =
        pick({"HTTP/1.1 200 OK", "HTTP/1.0 404 Not Found", "HTTP/1.1 204 ", "HTTP/1.1 204", "HTTP/1.1 20 OK",
              "HTTP/1.1 2000", "HTTP/1.1 +20 x", "HTTP/1.2 200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 500  a\tb\xE4 "});
    const std::string text = start + "\r\n" + fields();
    ResponseHead head;
    const ParseResult result = parse_response(text, {}, false, head);
    RC_TAG(result.status == ParseStatus::complete ? "taken" : "refused");
    if (result.status != ParseStatus::complete) return;
    const Referee<false> referee(std::string_view(text).substr(0, result.consumed));
    RC_ASSERT(referee.accepts);
    RC_ASSERT(referee.status == head.status);
    RC_ASSERT(referee.reason == head.reason);
    RC_ASSERT(referee.version == 10 + head.minor_version);
    RC_ASSERT(referee.fields == test::names_and_values(head.fields));
}

}  // namespace
}  // namespace weir::http
