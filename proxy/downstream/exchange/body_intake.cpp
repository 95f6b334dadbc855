#include "downstream/exchange/body_intake.hpp"

#include <array>

namespace weir::downstream {
namespace {

// The largest factor by which decoding may enlarge a body; text seldom compresses to less than a tenth. Bodies that
// stay small when decoded are not checked.
constexpr std::uint64_t kMaxExpansion = 100;
constexpr std::uint64_t kFreeExpansion = 1024 * 1024;
constexpr std::size_t kDecodedPiece = 16 * 1024;

using Fault = BodyIntake::Fault;

}  // namespace

BodyIntake::BodyIntake(http::BodyReader& framing, SegmentedText& body, const Plan& plan)
    : framing_(framing), body_(body), api_(plan.api), max_bytes_(plan.max_bytes) {
    if (plan.coding != http::ContentCoding::identity) decoder_.emplace(plan.coding);
    if (plan.form == BodyForm::json) json_.emplace(plan.api);
    if (plan.form == BodyForm::json && plan.prefix) prefix_.emplace();
    if (plan.form == BodyForm::form) fields_.emplace(plan.api, plan.content_type);
}

std::optional<Fault> BodyIntake::take(std::string_view& bytes) {
    while (!bytes.empty() && !framing_.done()) {
        const http::BodyReader::Piece piece = framing_.next(bytes);
        if (piece.failed) return Fault{Reason::bad_request, "the chunked framing of the body is broken"};
        bytes.remove_prefix(piece.consumed);
        if (piece.content.empty()) continue;
        if (const auto fault = decoder_ ? decode(piece.content) : add(piece.content)) return fault;
    }
    if (framing_.done() && decoder_ && coded_bytes_ > 0 && !decoder_->complete()) {
        return Fault{Reason::bad_request, "the body ends within its Content-Encoding"};
    }
    return std::nullopt;
}

std::optional<Fault> BodyIntake::decode(std::string_view coded) {
    coded_bytes_ += coded.size();
    std::array<char, kDecodedPiece> buffer;
    for (;;) {
        const http::ContentDecoder::Step step = decoder_->step(coded, buffer);
        if (step.failed) return Fault{Reason::bad_request, "the body is not what its Content-Encoding says"};
        coded.remove_prefix(step.consumed);
        if (const auto fault = add({buffer.data(), step.produced})) return fault;
        if (body_.size() > kFreeExpansion + kMaxExpansion * coded_bytes_) {
            return Fault{Reason::body_too_large, "decoded it is more than a hundred times as large"};
        }
        if (step.produced < buffer.size() && (coded.empty() || step.consumed == 0)) break;
    }
    if (!coded.empty()) return Fault{Reason::bad_request, "the body is not what its Content-Encoding says"};
    return std::nullopt;
}

std::optional<Fault> BodyIntake::add(std::string_view content) {
    if (body_.size() + content.size() > max_bytes_) return Fault{Reason::body_too_large, {}};
    body_.append(content);
    if (json_) json_->push(content);
    if (fields_) fields_->push(content);
    if (prefix_) prefix_->push(content);
    return std::nullopt;
}

ai::RequestFacts BodyIntake::finish() {
    ai::RequestFacts facts;
    if (json_) {
        facts = json_->finish();
        if (prefix_) facts.prefix_key = prefix_->value();
        return facts;
    }
    if (fields_) return fields_->finish();
    facts.api = api_;
    facts.body_bytes = body_.size();
    return facts;
}

}  // namespace weir::downstream
