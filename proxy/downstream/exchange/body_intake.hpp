#pragma once
// What is done with the bytes of a request's body as they come: their framing is taken off, their coding undone, what
// is left is read for what it asks, and kept.
//
// Nothing is kept twice: the coded bytes pass, the scanners hold what they were asked for, the text stands in the body
// alone, which is what the backend will be sent.

#include <cstdint>
#include <optional>
#include <string_view>

#include "ai/form_scanner.hpp"
#include "ai/request_scanner.hpp"
#include "base/reason.hpp"
#include "base/segmented_text.hpp"
#include "http/body.hpp"
#include "http/content_coding.hpp"

namespace weir::downstream {

// What a body is read as.
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
        std::string_view content_type;                               // of a form; used at once
        http::ContentCoding coding = http::ContentCoding::identity;  // that is undone
        std::uint64_t max_bytes = 0;                                 // of the body, decoded
    };
    struct Fault {
        Reason reason;
        std::string_view detail;  // static storage
    };

    // REQUIRES: both outlive it.
    BodyIntake(http::BodyReader& framing, SegmentedText& body, const Plan& plan);

    // Takes what belongs to the body from the front of `bytes`. What is wrong with it, if anything is.
    [[nodiscard]] std::optional<Fault> take(std::string_view& bytes);
    // What it asks for. Once; REQUIRES: all of it was taken.
    [[nodiscard]] ai::RequestFacts finish();
    // It is not what it was read as, and nothing more can be learned of it.
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
};

}  // namespace weir::downstream
