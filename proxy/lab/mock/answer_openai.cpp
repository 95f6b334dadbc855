// The answers of OpenAI's newer calls: responses, which are objects with a life of their own, and embeddings.
#include <fmt/format.h>

#include <iterator>

#include "base/json_text.hpp"
#include "lab/mock/answer.hpp"

namespace weir::mock {
namespace {

constexpr std::uint32_t kDimensions = 8;

std::string text_part(std::string_view text) {
    return fmt::format(R"({{"type":"output_text","text":"{}","annotations":[],"logprobs":[]}})", text);
}

}  // namespace

std::string AnswerWriter::response(std::string_view status, std::string_view output, std::string_view usage) const {
    return fmt::format(
        R"({{"id":"{}","object":"response","created_at":{},"status":"{}","background":false,"error":null,)"
        R"("incomplete_details":null,"instructions":null,"max_output_tokens":{},"model":{},"output":[{}],)"
        R"("parallel_tool_calls":true,"previous_response_id":null,"service_tier":{},"store":true,)"
        R"("temperature":1.0,"text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[],"top_p":1.0,)"
        R"("truncation":"disabled","usage":{},"user":null,"metadata":{{}}}})",
        id_, identity_.created, status, ask_.output_tokens, json_string(ask_.model), output,
        json_string(ask_.service_tier.empty() ? "default" : ask_.service_tier), usage);
}

std::string AnswerWriter::output_item(std::string_view status, std::string_view content) const {
    return fmt::format(R"({{"id":"msg_{}","type":"message","status":"{}","role":"assistant","content":[{}]}})", id_,
                       status, content.empty() ? std::string() : text_part(content));
}

std::string AnswerWriter::input_output_usage() const {
    return fmt::format(R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":0}},"output_tokens":{},)"
                       R"("output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":{}}})",
                       ask_.prompt_tokens, ask_.output_tokens, std::uint64_t{ask_.prompt_tokens} + ask_.output_tokens);
}

void AnswerWriter::append_response_opening(std::string& out) const {
    const auto append = [&](std::string_view type, std::string_view members) {
        append_event(out, type, fmt::format(R"({{"type":"{}",{}}})", type, members));
    };
    const std::string begun = R"("response":)" + response("in_progress", {}, "null");
    append("response.created", begun);
    append("response.in_progress", begun);
    append("response.output_item.added", R"("output_index":0,"item":)" + output_item("in_progress", {}));
    append("response.content_part.added",
           fmt::format(R"("item_id":"msg_{}","output_index":0,"content_index":0,"part":{})", id_, text_part({})));
}

void AnswerWriter::append_response_ending(std::string& out) const {
    const auto append = [&](std::string_view type, std::string_view members) {
        append_event(out, type, fmt::format(R"({{"type":"{}",{}}})", type, members));
    };
    const std::string said = text();
    const std::string where = fmt::format(R"("item_id":"msg_{}","output_index":0,"content_index":0)", id_);
    append("response.output_text.done", fmt::format(R"({},"text":"{}","logprobs":[])", where, said));
    append("response.content_part.done", fmt::format(R"({},"part":{})", where, text_part(said)));
    const std::string item = output_item("completed", said);
    append("response.output_item.done", R"("output_index":0,"item":)" + item);
    append("response.completed", R"("response":)" + response("completed", item, input_output_usage()));
}

std::string AnswerWriter::embeddings() const {
    std::string out = R"({"object":"list","data":[)";
    for (std::uint32_t i = 0; i < ask_.inputs; ++i) {
        fmt::format_to(std::back_inserter(out), R"({}{{"object":"embedding","index":{},"embedding":[)",
                       i > 0 ? "," : "", i);
        for (std::uint32_t d = 0; d < kDimensions; ++d) {
            const double value = static_cast<double>(word_at(i * kDimensions + d).size()) / 16 - 0.25;
            fmt::format_to(std::back_inserter(out), "{}{:.4f}", d > 0 ? "," : "", value);
        }
        out.append("]}");
    }
    fmt::format_to(std::back_inserter(out), R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                   json_string(ask_.model), ask_.prompt_tokens, ask_.prompt_tokens);
    return out;
}

}  // namespace weir::mock
