#include "lab/mock/realtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json_text.hpp"
#include "lab/mock/words.hpp"

namespace weir::mock {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kOutputTokens = 32;
constexpr std::uint32_t kMaxOutput = 1'000'000;

std::uint32_t words_in(std::string_view text) {
    std::uint32_t words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\n' || c == '\t';
        words += !space && !inside ? 1 : 0;
        inside = !space;
    }
    return words;
}

std::uint32_t words_in(const json::value& item) {
    boost::system::error_code error;
    const json::value* content = item.find_pointer("/content", error);
    if (content == nullptr || !content->is_array()) return 0;
    std::uint32_t words = 0;
    for (const json::value& part : content->get_array()) {
        const json::value* text = part.find_pointer("/text", error);
        if (text != nullptr && text->is_string()) words += words_in(std::string_view(text->get_string()));
    }
    return words;
}

std::uint32_t output_tokens(const json::value& event) {
    boost::system::error_code error;
    for (const char* pointer : {"/response/max_output_tokens", "/response/max_response_output_tokens"}) {
        const json::value* given = event.find_pointer(pointer, error);
        if (given == nullptr || !given->is_int64()) continue;
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(given->get_int64(), 1, kMaxOutput));
    }
    return kOutputTokens;
}

}  // namespace

RealtimeSession::RealtimeSession(EngineDriver& engine, std::function<void()> on_progress, std::uint64_t number)
    : engine_(engine), on_progress_(std::move(on_progress)), number_(number) {
    event("session.created", R"("session":{"type":"realtime","object":"realtime.session","model":"stand-in"})");
}

void RealtimeSession::message(std::string_view text) {
    boost::system::error_code failure;
    const json::value event = json::parse(json::string_view(text.data(), text.size()), failure);
    const json::value* type = failure ? nullptr : event.find_pointer("/type", failure);
    if (type == nullptr || !type->is_string()) return error("invalid_json", {});
    const std::string_view name = type->get_string();
    if (name == "conversation.item.create") {
        if (const json::value* item = event.find_pointer("/item", failure)) prompt_tokens_ += words_in(*item);
    } else if (name == "response.create") {
        const json::value* id = event.find_pointer("/event_id", failure);
        const std::string_view event_id = id != nullptr && id->is_string() ? std::string_view(id->get_string()) : "";
        if (generation_) return error("conversation_already_has_active_response", event_id);
        ask_.output_tokens = output_tokens(event);
        create();
    } else if (name == "input_audio_buffer.commit" && !generation_) {
        ask_.output_tokens = kOutputTokens;
        create();
    } else if (name == "response.cancel" && generation_) {
        done("cancelled");
    }
}

void RealtimeSession::create() {
    ask_.prompt_tokens = std::max(prompt_tokens_, 1U);
    told_ = 0;
    ++responses_;
    generation_ = std::make_unique<Generation>(engine_, on_progress_);
    event("response.created",
          fmt::format(R"("response":{{"id":"resp_{}_{}","status":"in_progress"}})", number_, responses_));
    if (!generation_->start(ask_)) done("failed");
}

void RealtimeSession::catch_up() {
    if (!generation_) return;
    for (const std::uint32_t upto = generation_->tokens(); told_ < upto; ++told_) {
        event("response.output_text.delta",
              fmt::format(
                  R"("response_id":"resp_{}_{}","item_id":"item","output_index":0,"content_index":0,"delta":"{}")",
                  number_, responses_, word(number_, responses_, told_)));
    }
    if (generation_->finished()) done("completed");
}

void RealtimeSession::done(std::string_view status) {
    prompt_tokens_ += told_;
    event("response.done",
          fmt::format(R"("response":{{"id":"resp_{}_{}","status":"{}","usage":{{"input_tokens":{},"output_tokens":{},)"
                      R"("total_tokens":{}}}}})",
                      number_, responses_, status, ask_.prompt_tokens, told_, ask_.prompt_tokens + told_));
    generation_.reset();
}

void RealtimeSession::event(std::string_view type, std::string_view members) {
    out_.push_back(fmt::format(R"({{"type":"{}","event_id":"event_{}_{}",{}}})", type, number_, ++events_, members));
}

void RealtimeSession::error(std::string_view code, std::string_view event_id) {
    event("error", fmt::format(R"("error":{{"type":"invalid_request_error","code":"{}","message":"{}","param":null,)"
                               R"("event_id":{}}})",
                               code, code, event_id.empty() ? "null" : json_string(event_id)));
}

}  // namespace weir::mock
