#pragma once
// Forwarding: heads are written anew from validated values, never copied (RFC 9110 section 7.6).
//
// Fields named by `Connection` are removed first, then the identity families, then Weir's own are added: a caller can
// neither forge one of Weir's fields nor have one removed.

#include <string>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

// What Weir adds to a request for a backend.
struct RequestExtras {
    std::string_view forwarded_for;  // the whole chain, ending in the peer
    bool over_tls = false;           // how the client connected
    std::string_view request_id;
    std::string_view traceparent;  // empty: pass the client's own
    std::string_view pseudonym;    // this process's name in Via
    bool trusted = false;          // the caller may give hints to the engine
    bool websocket = false;        // the upgrade is passed on, without the extensions it offers
    bool identity = false;         // the answer is requested without any Content-Encoding
    bool decoded = false;          // the body is sent without the Content-Encoding in which it came
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
    bool head_only = false;           // an answer to HEAD: Content-Length stays although no body follows
    bool websocket = false;           // a 101 that was requested
    std::string_view service_tier{};  // the tier that served it; empty: none given
    std::string_view degraded{};      // what was done to make the answer cheaper; empty: nothing
    int attempts = 1;                 // how often the request was sent
    // Lines about the caller's rates, which replace any of the backend's.
    std::string_view rate_fields{};
    // Lines for a page in a browser, if the backend sent none of its own.
    std::string_view cors_fields{};
};

// Appends a whole head; `framing` is how the body goes to the client.
void write_response_head(const ResponseHead& head, const ResponseExtras& extras, const OutboundFraming& framing,
                         std::string& out);

// Appends an interim (1xx) head without hop-by-hop fields.
void write_interim_head(const ResponseHead& head, std::string& out);

// Whether a Via field shows that this very process has forwarded the request before.
[[nodiscard]] bool seen_before(const FieldTable& fields, std::string_view pseudonym);

// All values of X-Forwarded-For in order, joined by commas.
[[nodiscard]] std::string joined_forwarded_for(const FieldTable& fields);

}  // namespace weir::http
