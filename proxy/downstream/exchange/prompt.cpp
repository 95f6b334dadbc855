#include "downstream/exchange/prompt.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "ai/video.hpp"

namespace weir::downstream {
namespace {

constexpr std::uint64_t kMaxTokens = std::numeric_limits<std::int32_t>::max();

// A conversation is named by its id, or by an object with its id.
std::string stored_id_in(const ai::RequestFacts& facts) {
    using ai::Member;
    std::string id;
    for (const Member member :
         {Member::previous_response_id, Member::input_file_id, Member::conversation, Member::id}) {
        if (id.empty()) id = facts.text(member);
    }
    return id;
}

}  // namespace

Passed Prompt::prepare(const Client& client, const Inbound& inbound, Caller& caller, Upload& upload, Outcome& outcome) {
    const bool decides = !caller.open.empty();
    facts_.api = caller.api;
    written_for_ = caller.route->backend.get();
    if (!inbound.has_body() && !decides) {
        if (estimate_output(caller)) return nullptr;
        return refused(Reason::bad_request, "there is no body to say what is asked for");
    }
    // Refused where readers differ, as Weir's reading could differ from the engine's.
    // A form that is read for its model alone goes on as it came.
    const bool only_renamed = caller.body_form == BodyForm::form && !ai::is_known(caller.api) && !decides;
    const bool held_to = (caller.api != ai::Api::generic && !only_renamed) || (decides && facts_.class_unclear);
    if (!facts_.fault.empty() && held_to) return refused(Reason::bad_request, facts_.fault);
    if (decides) resolve_class(client, inbound, caller, outcome);
    if (caller.body_form == BodyForm::json) {
        caller.ask.prompt_tokens = prompt_tokens(caller);
        caller.ask.streams = facts_.stream;
        if (caller.ask.affinity == 0) caller.ask.affinity = facts_.prefix_key;
        note_model(outcome);
    }
    if (!estimate_output(caller)) {
        return refused(Reason::bad_request, "'seconds' or 'size' is not written as the API has it");
    }
    if (caller.route->sticky && facts_.is_object) stored_id_ = stored_id_in(facts_);
    if (caller.body_form == BodyForm::form && upload.done()) find_model_in_form();
    if (caller.body_form == BodyForm::json && upload.done()) rewrite(caller, upload, outcome, client.turn());
    written_for_ = caller.route->backend.get();
    facts_.members.reset();                                              // the needed parts of the text are known
    if (caller.coding != http::ContentCoding::identity) upload.count();  // and its decoder is gone
    return nullptr;
}

// The body has arrived. If its format is not one that Weir reads, it may say things to its engine that are unknown
// here.
void Prompt::resolve_class(const Client& client, const Inbound& inbound, Caller& caller, Outcome& outcome) {
    const admission::Classifier& classifier = client.routing->classifier;
    if (inbound.has_body() && !facts_.is_object && caller.body_form != BodyForm::form) {
        join(caller, classifier.worst(caller.open), client, inbound, outcome);
    } else {
        const std::string model = facts_.text(ai::Member::model);
        const std::string tier = facts_.text(ai::Member::service_tier);
        const std::uint64_t prompt = std::uint64_t{ai::estimated_tokens(facts_.text_bytes())} + media_tokens();
        const ClassId cls = classifier.resolve(
            caller.open, {.there = caller.body_form != BodyForm::unread,
                          .model = model,
                          .service_tier = tier,
                          .prompt_tokens = static_cast<std::uint32_t>(std::min<std::uint64_t>(prompt, kMaxTokens)),
                          .stream = facts_.stream});
        join(caller, cls, client, inbound, outcome);
    }
    facts_.api = caller.api;
}

// The longest possible answer if the request sets one, otherwise the usual length.
bool Prompt::estimate_output(Caller& caller) const {
    admission::Ask& ask = caller.ask;
    switch (facts_.api) {
        case ai::Api::count_tokens: ask.prompt_tokens = 0; return true;  // read, but not by the model
        case ai::Api::videos: {
            const auto seconds = ai::video_seconds(facts_);
            ask.video_seconds = seconds.value_or(0);
            ask.prompt_tokens = 0;   // no LLM reads it
            ask.can_be_cut = false;  // the job is not the answer
            return seconds.has_value();
        }
        case ai::Api::responses:
            if (facts_.background) ask.can_be_cut = false;
            break;
        case ai::Api::chat:
        case ai::Api::completions:
        case ai::Api::messages: break;
        default: return true;
    }
    const std::uint64_t one = facts_.max_output_tokens.value_or(caller.route->judge->answers().usual());
    const std::uint64_t of_each = std::min(kMaxTokens, one * std::max(facts_.n, 1U));
    ask.output_tokens = static_cast<std::uint32_t>(std::min(kMaxTokens, of_each * facts_.prompts));
    return true;
}

// The prompt's tokens: its text at the ratio learned from this backend's answers, plus its media.
std::uint32_t Prompt::prompt_tokens(const Caller& caller) const {
    const std::uint64_t text = caller.route->judge->prompts().estimate(facts_.text_bytes());
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(text + media_tokens(), kMaxTokens));
}

std::uint32_t Prompt::media_tokens() const {
    if (facts_.media.parts == 0) return 0;
    return facts_.media.of(ai::media_family(facts_.text(ai::Member::model)));
}

void Prompt::note_model(Outcome& outcome) const {
    const std::string_view written = facts_.raw_text(ai::Member::model);
    if (written.empty()) return;
    std::string said;
    if (written.find('\\') != std::string_view::npos) said = facts_.text(ai::Member::model);
    outcome.note_model(said.empty() ? written : std::string_view(said));
}

}  // namespace weir::downstream
