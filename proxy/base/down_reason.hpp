#pragma once
// Why an endpoint takes no requests: the metric's label and the word in the log and in `weir status`.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class DownReason : std::uint8_t {
    none,         // it is up, or nothing is known
    no_address,   // its name does not resolve
    refused,      // no connection: refused, unreachable, reset
    timeout,      // no connection or no answer in time
    certificate,  // its certificate is not trusted
    tls,          // it does not speak TLS, or no version or cipher that Weir accepts
    status,       // its health check is answered with another status than expected
    text,         // its health check is answered without the expected text
    bad_answer,   // it closed without an answer, or its answer is not HTTP
    requests,     // its requests failed, or its answers came much later than those of others
    operator_,    // an operator has drained or ejected it
};

inline constexpr std::array<std::string_view, 11> kDownReasons{"none",        "no_address", "refused", "timeout",
                                                               "certificate", "tls",        "status",  "text",
                                                               "bad_answer",  "requests",   "operator"};

[[nodiscard]] constexpr std::string_view name(DownReason reason) {
    return kDownReasons[static_cast<std::size_t>(reason)];
}

struct WhyDown {
    DownReason reason = DownReason::none;
    std::string detail{};  // for people: `certificate has expired`; may be empty

    // `certificate: certificate has expired`; empty when nothing is known.
    [[nodiscard]] std::string text() const {
        if (reason == DownReason::none) return {};
        return std::string(name(reason)) + (detail.empty() ? "" : ": " + detail);
    }
};

}  // namespace weir
