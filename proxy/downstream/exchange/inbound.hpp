#pragma once
// The parts of a request's head that are needed after its bytes are gone.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "downstream/client.hpp"
#include "downstream/request_id.hpp"
#include "http/body.hpp"
#include "http/head.hpp"

namespace weir::downstream {

struct Inbound {
    // For bytes that are not a request.
    explicit Inbound(Client& client);
    Inbound(Client& client, const http::RequestHead& request);
    ~Inbound();
    Inbound(const Inbound&) = delete;
    Inbound& operator=(const Inbound&) = delete;

    [[nodiscard]] std::string_view method() const { return std::string_view(head).substr(0, method_size); }
    [[nodiscard]] std::string_view path() const {
        return path_size == 0 ? std::string_view{} : std::string_view(head).substr(method_size + 1, path_size);
    }
    [[nodiscard]] bool has_body() const { return framing != http::Framing::none; }
    // Whether the request is complete, given that `bytes` follow the head.
    [[nodiscard]] bool is_whole(std::string_view bytes) const {
        return !has_body() || (framing == http::Framing::length && content_length <= bytes.size());
    }

    StringPool& texts;
    RequestId id;
    std::string head;  // for the backend, in two halves around the endpoint's name
    std::uint32_t host_at = 0;
    std::uint32_t head_size = 0;  // without its end, which says how the body is framed; 0: it has not ended yet
    std::uint32_t method_size = 0;
    std::uint32_t path_size = 0;
    int minor_version = 1;
    http::Framing framing = http::Framing::none;
    std::uint64_t content_length = 0;
    bool keep_alive = false;
    bool expects_continue = false;
    std::string cors_fields;  // lines for every answer; empty: the listener has no `cors`
    bool is_preflight = false;
};

}  // namespace weir::downstream
