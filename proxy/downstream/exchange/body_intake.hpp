#pragma once
// Processes a request's body as its bytes arrive: removes the framing, undoes the coding, reads what the body asks for,
// and keeps the rest for the backend.
//
// Nothing is kept twice: the coded bytes are not kept, the scanners hold only what they were asked for, and the text is
// in the body alone, which is what the backend will be sent.

#include <cstdint>
#include <optional>
#include <string_view>

#include "ai/form_scanner.hpp"
#include "ai/prefix_key.hpp"
#include "ai/request_scanner.hpp"
#include "base/reason.hpp"
#include "base/segmented_text.hpp"
#include "http/body.hpp"
#include "http/content_coding.hpp"

namespace weir::downstream {

// How a body is read.
enum class BodyForm : std::uint8_t {
    unread,  // only its bytes are known
    json,
    form,  // multipart/form-data
};

class BodyIntake {
public:
    struct Plan {
        BodyForm form = BodyForm::unread;
        ai::Api api = ai::Api::generic;
        std::string_view content_type;                               // of a form; used only in the constructor
        http::ContentCoding coding = http::ContentCoding::identity;  // the coding to undo
        std::uint64_t max_bytes = 0;                                 // of the decoded body
        bool prefix = false;                                         // read its prefix key, from JSON
    };
    struct Fault {
        Reason reason;
        std::string_view detail;  // static storage
    };

    // REQUIRES: `framing` and `body` outlive it.
    BodyIntake(http::BodyReader& framing, SegmentedText& body, const Plan& plan);

    // Takes what belongs to the body from the front of `bytes`. Returns the fault, if there is one.
    [[nodiscard]] std::optional<Fault> take(std::string_view& bytes);
    // Call once: what the body asks for. REQUIRES: all of it was taken.
    [[nodiscard]] ai::RequestFacts finish();
    // The body is not what it was read as, and nothing more can be learned from it.
    [[nodiscard]] bool gave_up() const { return !json_ ? !fields_ : json_->broken(); }
    // Bytes of memory that the body and its decoder occupy.
    [[nodiscard]] std::size_t memory() const { return body_.capacity() + (decoder_ ? decoder_->memory() : 0); }

private:
    [[nodiscard]] std::optional<Fault> decode(std::string_view coded);
    [[nodiscard]] std::optional<Fault> add(std::string_view content);

    http::BodyReader& framing_;
    SegmentedText& body_;
    ai::Api api_;
    std::uint64_t max_bytes_;
    std::uint64_t coded_bytes_ = 0;
    std::optional<http::ContentDecoder> decoder_;
    std::optional<ai::RequestScanner> json_;
    std::optional<ai::FormScanner> fields_;
    std::optional<ai::PrefixKey> prefix_;
};

}  // namespace weir::downstream
