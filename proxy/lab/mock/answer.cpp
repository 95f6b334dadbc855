#include "lab/mock/answer.hpp"

#include <fmt/format.h>

#include <array>

#include "base/json_text.hpp"
#include "lab/mock/words.hpp"

namespace weir::mock {
namespace {

std::string_view id_prefix(AskKind kind) {
    switch (kind) {
        case AskKind::chat: return "chatcmpl-";
        case AskKind::completion: return "cmpl-";
        case AskKind::response: return "resp_";
        default: return "msg_";
    }
}

}  // namespace

AnswerWriter::AnswerWriter(const Ask& ask, const AnswerIdentity& identity)
    : ask_(ask),
      identity_(identity),
      id_(fmt::format("{}{:08x}{:016x}", id_prefix(ask.kind), identity.seed & 0xFFFF'FFFF, identity.number)) {
    if (ask_.stream) write_token_frame();
}

void AnswerWriter::write_token_frame() {
    // Written around a word that stands for all others, and cut there: words need no escaping.
    constexpr std::string_view kMark = "\x01";
    std::string event;
    switch (ask_.kind) {
        case AskKind::chat:
            event = "data: " +
                    chunk(fmt::format(
                        R"([{{"index":0,"delta":{{"content":"{}"}},"logprobs":null,"finish_reason":null}}])", kMark));
            break;
        case AskKind::completion:
            event = "data: " +
                    chunk(fmt::format(R"([{{"index":0,"text":"{}","logprobs":null,"finish_reason":null}}])", kMark));
            break;
        case AskKind::response:
            event = fmt::format(
                "event: response.output_text.delta\ndata: "
                R"({{"type":"response.output_text.delta","item_id":"msg_{}","output_index":0,"content_index":0,)"
                R"("delta":"{}","logprobs":[]}})",
                id_, kMark);
            break;
        default:
            event = fmt::format(
                "event: content_block_delta\ndata: "
                R"({{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}})",
                kMark);
            break;
    }
    const std::size_t cut = event.find(kMark);
    before_token_ = event.substr(0, cut);
    after_token_ = event.substr(cut + kMark.size()) + "\n\n";
}

std::string AnswerWriter::document() const {
    switch (ask_.kind) {
        case AskKind::chat:
            return preamble("chat.completion") +
                   fmt::format(
                       R"("choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null}},)"
                       R"("logprobs":null,"finish_reason":"length"}}],"usage":{}}})",
                       text(), usage());
        case AskKind::completion:
            return preamble("text_completion") +
                   fmt::format(R"("choices":[{{"index":0,"text":"{}","logprobs":null,"finish_reason":"length"}}],)"
                               R"("usage":{}}})",
                               text(), usage());
        case AskKind::response: return response("completed", output_item("completed", text()), input_output_usage());
        case AskKind::embedding: return embeddings();
        case AskKind::count: return fmt::format(R"({{"input_tokens":{}}})", ask_.prompt_tokens);
        case AskKind::message: break;
    }
    return fmt::format(R"({{"id":"{}","type":"message","role":"assistant","model":{},)"
                       R"("content":[{{"type":"text","text":"{}"}}],"stop_reason":"max_tokens","stop_sequence":null,)"
                       R"("usage":{{"input_tokens":{},"output_tokens":{}}}}})",
                       id_, json_string(ask_.model), text(), ask_.prompt_tokens, ask_.output_tokens);
}

void AnswerWriter::append_events(std::string& out, std::uint32_t from, std::uint32_t to) const {
    if (from == 0 && to > 0) append_opening(out);
    for (std::uint32_t index = from; index < to; ++index) {
        out.append(before_token_).append(word_at(index)).append(after_token_);
    }
    if (to == ask_.output_tokens) append_ending(out);
}

void AnswerWriter::append_opening(std::string& out) const {
    if (ask_.kind == AskKind::response) return append_response_opening(out);
    if (ask_.kind == AskKind::chat) {
        append_event(out, {},
                     chunk(R"([{"index":0,"delta":{"role":"assistant","content":""},)"
                           R"("logprobs":null,"finish_reason":null}])"));
    }
    if (ask_.kind != AskKind::message) return;
    append_event(out, "message_start",
                 fmt::format(R"({{"type":"message_start","message":{{"id":"{}","type":"message","role":"assistant",)"
                             R"("model":{},"content":[],"stop_reason":null,"stop_sequence":null,)"
                             R"("usage":{{"input_tokens":{},"output_tokens":1}}}}}})",
                             id_, json_string(ask_.model), ask_.prompt_tokens));
    append_event(out, "content_block_start",
                 R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
    append_event(out, "ping", R"({"type":"ping"})");
}

void AnswerWriter::append_ending(std::string& out) const {
    if (ask_.kind == AskKind::response) {
        append_response_ending(out);
    } else if (ask_.kind == AskKind::message) {
        append_event(out, "content_block_stop", R"({"type":"content_block_stop","index":0})");
        append_event(out, "message_delta",
                     fmt::format(R"({{"type":"message_delta","delta":{{"stop_reason":"max_tokens",)"
                                 R"("stop_sequence":null}},"usage":{{"output_tokens":{}}}}})",
                                 ask_.output_tokens));
        append_event(out, "message_stop", R"({"type":"message_stop"})");
    } else {
        const bool chat = ask_.kind == AskKind::chat;
        append_event(out, {},
                     chunk(chat ? R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}])"
                                : R"([{"index":0,"text":"","logprobs":null,"finish_reason":"length"}])"));
        if (ask_.include_usage) {
            append_event(out, {},
                         preamble(chat ? "chat.completion.chunk" : "text_completion") + R"("choices":[],"usage":)" +
                             usage() + "}");
        }
        append_event(out, {}, "[DONE]");
    }
}

void AnswerWriter::append_event(std::string& out, std::string_view type, std::string_view json) const {
    if (!type.empty()) out.append("event: ").append(type).append("\n");
    out.append("data: ").append(json).append("\n\n");
}

std::string_view AnswerWriter::word_at(std::uint32_t index) const {
    return word(identity_.seed, identity_.number, index);
}

std::string AnswerWriter::preamble(std::string_view object) const {
    std::string text = fmt::format(R"({{"id":"{}","object":"{}","created":{},"model":{},)", id_, object,
                                   identity_.created, json_string(ask_.model));
    if (!ask_.service_tier.empty())
        text.append(R"("service_tier":)").append(json_string(ask_.service_tier)).append(",");
    return text;
}

std::string AnswerWriter::chunk(std::string_view choices) const {
    // With include_usage every chunk has the field, null in all but the last.
    return preamble(ask_.kind == AskKind::chat ? "chat.completion.chunk" : "text_completion")
        .append(R"("choices":)")
        .append(choices)
        .append(ask_.include_usage ? R"(,"usage":null})" : "}");
}

std::string AnswerWriter::usage() const {
    return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})", ask_.prompt_tokens,
                       ask_.output_tokens, std::uint64_t{ask_.prompt_tokens} + ask_.output_tokens);
}

std::string AnswerWriter::text() const {
    std::string words;
    for (std::uint32_t index = 0; index < ask_.output_tokens; ++index) words.append(word_at(index));
    return words;
}

}  // namespace weir::mock
