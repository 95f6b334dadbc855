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
    std::string_view traceparent;    // empty: pass the client's own
    std::string_view pseudonym;      // this process's name in Via
};

// How the request's body will be sent.
struct OutboundFraming {
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
};

// Appends the fields and the empty line. The request line and Host are left out: they depend on the endpoint, which is
// chosen later; write_request_line makes them.
void write_request_fields(const RequestHead& head, const RequestExtras& extras, const OutboundFraming& framing,
                          std::string& out);
void write_request_line(std::string_view method, std::string_view target, std::string_view host, std::string& out);

struct ResponseExtras {
    std::string_view request_id;
    std::string_view pseudonym;
    bool close = false;        // the client's connection ends after this answer
    int minor_version = 1;     // of the client
    bool head_only = false;    // an answer to HEAD: Content-Length stands though no body comes
};

// Appends a whole head; `framing` is how the body goes to the client.
void write_response_head(const ResponseHead& head, const ResponseExtras& extras, const OutboundFraming& framing,
                         std::string& out);

// Whether a Via field shows that this very process has seen the request before.
[[nodiscard]] bool seen_before(const FieldTable& fields, std::string_view pseudonym);

// All values of X-Forwarded-For in order, joined by commas.
[[nodiscard]] std::string joined_forwarded_for(const FieldTable& fields);

}  // namespace weir::http
