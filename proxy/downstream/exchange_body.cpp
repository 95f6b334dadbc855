// What an exchange takes of its request's body before the judge sees it.

#include <algorithm>
#include <chrono>

#include "downstream/body_intake.hpp"
#include "downstream/exchange.hpp"
#include "downstream/framing.hpp"
#include "downstream/upload_pace.hpp"
#include "downstream/worker.hpp"
#include "http/forward.hpp"

namespace weir::downstream {
namespace {

using net::IoStatus;
using namespace std::chrono_literals;

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr Duration kDrainTime = 500ms;
constexpr int kRoundsPerTurn = 8;

}  // namespace

// The usual body is short and comes with its head: it is taken from where it was read.
void Exchange::begin_body(const http::RequestHead& head, std::string_view& bytes) {
    if (framing_ == http::Framing::none && open_.empty()) {
        if (!estimate_output()) return fail(Reason::bad_request, "there is no body to say what is asked for");
        return end_head();
    }
    const bool all_here = framing_ == http::Framing::length && content_length_ <= bytes.size();
    if (body_form_ == BodyForm::form) {
        const http::Field* type = head.fields.find(http::FieldId::content_type);
        if (type != nullptr) form_type_ = type->value;
    }
    if (!body_reader_.done() && !all_here) return;
    BodyIntake intake(body_reader_, body_, intake_plan());
    body_ = SegmentedText(link_.worker.texts().take());
    if (!take_body(intake, bytes)) return;
    read_asked(intake.finish());
    end_head();
}

BodyIntake::Plan Exchange::intake_plan() const {
    return {body_form_, facts_.api, form_type_, coding_, link_.limits().body_bytes};
}

// How much of a body is taken before the request takes its place: of what is read all, else so much.
std::uint64_t Exchange::body_bound(const BodyIntake& intake) const {
    if (ai::is_known(facts_.api) || !intake.gave_up()) return std::numeric_limits<std::uint64_t>::max();
    return link_.routing->limits.body_before_line;
}

net::task<bool> Exchange::read_body() {
    const TimePoint began = link_.turn();
    // RFC 9110 section 10.1.1: it has not been refused by its head, so its body is wanted.
    if (expects_continue_) {
        const bool sent = co_await link_.send(Presence::kInterim);
        if (!sent) fail(Reason::client_gone);
        if (!sent) co_return false;
        expects_continue_ = false;
    }
    BodyIntake intake(body_reader_, body_, intake_plan());
    UploadPace pace(link_.limits(), began);
    if (!take_from_inbox(intake)) co_return false;
    for (int round = 1; !body_reader_.done() && body_.size() < body_bound(intake); ++round) {
        // A fast upload must not keep the other connections waiting.
        if (round % kRoundsPerTurn == 0) co_await link_.waker.yield();
        const std::span<char> scratch = link_.worker.loop().scratch();
        const net::IoResult result = link_.stream->try_read(scratch.first(kReadBytes));
        if (result.status == IoStatus::ok) {
            pace.took(result.bytes, link_.turn());
            std::string_view bytes(scratch.data(), result.bytes);
            if (!take_body(intake, bytes)) co_return false;
            link_.inbox.assign(bytes);
            continue;
        }
        if (result.status != IoStatus::would_block) {
            fail(Reason::client_gone);
            co_return false;
        }
        if (link_.turn() >= pace.deadline()) {
            fail(Reason::request_timeout, "the body stopped arriving, or came too slowly");
            co_return false;
        }
        link_.timer.set(pace.deadline());
        co_await link_.waker.wait();
    }
    read_asked(intake.finish());
    end_head();
    waited_ += link_.turn() - began;
    co_return reason_ == Reason::admitted;
}

bool Exchange::take_from_inbox(BodyIntake& intake) {
    std::string inbox = std::exchange(link_.inbox, {});
    std::string_view bytes = inbox;
    const bool going = take_body(intake, bytes);
    link_.inbox = bytes;
    return going;
}

bool Exchange::take_body(BodyIntake& intake, std::string_view& bytes) {
    const auto fault = intake.take(bytes);
    hold(intake.memory());
    if (fault) {
        fail(fault->reason, fault->detail);
        return false;
    }
    const auto held_by_all = link_.worker.state().buffered_bytes.load(std::memory_order_relaxed);
    if (held_by_all > static_cast<std::int64_t>(memory_share())) fail(Reason::memory_pressure);
    return reason_ == Reason::admitted;
}

// Each step down in priority leaves a tenth of the memory to the better classes, so that under pressure the least
// important is refused first.
std::uint64_t Exchange::memory_share() const {
    const auto rank = static_cast<std::uint64_t>(route_->config.priority);
    return link_.routing->limits.buffered_bytes / 10 * (10 - rank);
}

void Exchange::read_asked(ai::RequestFacts facts) {
    facts_ = std::move(facts);
    const bool has_body = framing_ != http::Framing::none;
    const bool decides = !open_.empty();
    // Refused where no reading of it is the one that the engine's must be.
    const bool held_to = facts_.api != ai::Api::generic || (decides && facts_.class_unclear);
    if (!facts_.fault.empty() && held_to) {
        return fail(Reason::bad_request, facts_.fault);
    }
    if (decides) resolve_class(has_body && !facts_.is_object && body_form_ != BodyForm::form);
    if (body_form_ == BodyForm::json) {
        ask_.prompt_tokens = prompt_tokens();
        ask_.streams = facts_.stream;
        note_model();
    }
    if (!estimate_output()) return fail(Reason::bad_request, "'seconds' or 'size' is not written as the API has it");
    if (body_form_ == BodyForm::json && body_reader_.done()) rewrite_body();
    facts_.members.reset();                                                // what was needed of the text is known
    if (coding_ != http::ContentCoding::identity) hold(body_.capacity());  // and its decoder is gone
}

// What the prompt comes to: its text at the ratio that this backend's answers have taught, and the media in it.
std::uint32_t Exchange::prompt_tokens() const {
    const std::uint64_t text = route_->judge->prompts().estimate(facts_.text_bytes());
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(text + media_tokens(), kMaxTokens));
}

std::uint32_t Exchange::media_tokens() const {
    if (facts_.media.parts == 0) return 0;
    return facts_.media.of(ai::media_family(facts_.text(ai::Member::model)));
}

// The body is here. `unknown`: it is not of a form that is read, and may say to its engine what it does not say here.
void Exchange::resolve_class(bool unknown) {
    const admission::Classifier& classifier = link_.routing->classifier;
    if (unknown) return join(classifier.worst(open_));
    const std::string model = facts_.text(ai::Member::model);
    const std::string tier = facts_.text(ai::Member::service_tier);
    const std::uint64_t prompt = std::uint64_t{ai::estimated_tokens(facts_.text_bytes())} + media_tokens();
    join(classifier.resolve(open_,
                            {.there = body_form_ != BodyForm::unread,
                             .model = model,
                             .service_tier = tier,
                             .prompt_tokens = static_cast<std::uint32_t>(std::min<std::uint64_t>(prompt, kMaxTokens)),
                             .stream = facts_.stream}));
}

void Exchange::end_head() {
    if (!body_reader_.done()) {
        http::end_request_head({framing_, content_length_}, head_);
        // What was read ahead of a chunked body goes as a chunk of its own.
        if (framing_ == http::Framing::chunked && !body_.empty()) {
            head_.append(ChunkSize(body_.size()).text());
            body_.append("\r\n");
        }
        return;
    }
    // A body that is all here goes with its length, however it came. Methods that usually have one say so when it is
    // empty (RFC 9110 section 8.6).
    const bool usual = method() == "POST" || method() == "PUT" || method() == "PATCH";
    const bool has_length = framing_ != http::Framing::none || usual;
    http::end_request_head({has_length ? http::Framing::length : http::Framing::none, body_.size()}, head_);
}

net::task<bool> Exchange::finish_request_body() {
    const TimePoint deadline = link_.turn() + kDrainTime;
    while (!body_reader_.done()) {
        std::string_view bytes = link_.inbox;
        while (!bytes.empty() && !body_reader_.done()) {
            const http::BodyReader::Piece piece = body_reader_.next(bytes);
            if (piece.failed) co_return false;
            bytes.remove_prefix(piece.consumed);
        }
        link_.inbox.erase(0, link_.inbox.size() - bytes.size());
        if (body_reader_.done()) break;
        const IoStatus status = link_.read_more(kReadBytes);
        if (status == IoStatus::ok) continue;
        if (status != IoStatus::would_block || link_.turn() >= deadline) co_return false;
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
    co_return true;
}

}  // namespace weir::downstream
