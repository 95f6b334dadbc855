#pragma once
// What is passed on: heads written anew from validated values, never copied (RFC 9110 section 7.6).
//
// What `Connection` names goes first, then the identity families, then ours are added: a caller can neither plant a
// field of ours nor have one removed.

#include <string>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

// What Weir says of a request to a backend.
struct RequestExtras {
    std::string_view forwarded_for;  // the whole chain, ending in the peer
    bool over_tls = false;           // how the client came
    std::string_view request_id;
    std::string_view traceparent;  // empty: pass the client's own
    std::string_view pseudonym;    // this process's name in Via
    bool trusted = false;          // the caller may give hints to the engine
    bool websocket = false;        // the upgrade is passed on, without the extensions that it offers
    bool identity = false;         // the answer is asked for as it is, without any Content-Encoding
    bool decoded = false;          // the body goes without the Content-Encoding in which it came
};

// How the request's body will be sent.
struct OutboundFraming {
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
};

// A request's head in two halves, because the endpoint whose name goes between them is chosen later:
//   before   `METHOD target HTTP/1.1 CRLF Host: `
//   after    `CRLF fields`, ended by end_request_head() once it is known how the body will be sent
void write_request_before_host(const RequestHead& head, std::string& out);
void write_request_after_host(const RequestHead& head, const RequestExtras& extras, std::string& out);
void end_request_head(const OutboundFraming& framing, std::string& out);

struct ResponseExtras {
    std::string_view request_id;
    std::string_view pseudonym;
    bool close = false;               // the client's connection ends after this answer
    int minor_version = 1;            // of the client
    bool head_only = false;           // an answer to HEAD: Content-Length stands though no body comes
    bool websocket = false;           // a 101 that was asked for
    std::string_view service_tier{};  // that it was served in; empty: not said
    std::string_view degraded{};      // what was done to get a cheaper answer; empty: nothing
    // Lines about the caller's rates, which then take the place of any that the backend has.
    std::string_view rate_fields{};
};

// Appends a whole head; `framing` is how the body goes to the client.
void write_response_head(const ResponseHead& head, const ResponseExtras& extras, const OutboundFraming& framing,
                         std::string& out);

// Appends an interim (1xx) head, without hop-by-hop fields.
void write_interim_head(const ResponseHead& head, std::string& out);

// Whether a Via field shows that this very process has seen the request before.
[[nodiscard]] bool seen_before(const FieldTable& fields, std::string_view pseudonym);

// All values of X-Forwarded-For in order, joined by commas.
[[nodiscard]] std::string joined_forwarded_for(const FieldTable& fields);

}  // namespace weir::http
