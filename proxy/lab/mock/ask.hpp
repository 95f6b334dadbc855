#pragma once
// What a request body asks of the engine.
//
// Reads the fields that decide how much work it is and in what form the answer goes out. All others, known or not, are
// accepted and change nothing, as a stand-in for any model must do.

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::mock {

enum class AskKind : std::uint8_t {
    chat,        // OpenAI /v1/chat/completions
    completion,  // OpenAI /v1/completions
    response,    // OpenAI /v1/responses
    embedding,   // OpenAI /v1/embeddings
    message,     // Anthropic /v1/messages
    count,       // Anthropic /v1/messages/count_tokens
};

struct Ask {
    AskKind kind = AskKind::chat;
    std::string model;
    std::uint32_t prompt_tokens = 0;   // words of all texts in it; of a list of token ids, its length
    std::uint32_t output_tokens = 64;  // an embedding has one, which is not shown
    std::uint32_t inputs = 1;          // texts to embed
    int priority = 0;                  // vLLM's: smaller is sooner
    std::string service_tier;          // OpenAI; empty: none is asked for
    bool stream = false;
    bool include_usage = false;  // OpenAI, streams: a last chunk with the usage
};

// Why a body cannot be served: the answer is 400.
struct AskFault {
    std::string message;
    std::string param;           // the field it is about; may be empty
    std::string_view code = {};  // OpenAI's, where there is one; static storage
};

[[nodiscard]] boost::system::result<Ask, AskFault> read_ask(AskKind kind, std::string_view body);

}  // namespace weir::mock
