#pragma once
// One answer of the stand-in model, in the form its dialect gives it: as one document, or as the events of a stream.
//
// A stream is a function of the number of tokens: for a client that reads slowly only the number it has been sent is
// kept. What is the same for all tokens of an answer is written once, at the start.

#include <cstdint>
#include <string>

#include "lab/mock/ask.hpp"

namespace weir::mock {

struct AnswerIdentity {
    std::uint64_t seed = 0;
    std::uint64_t number = 0;  // of the answer: with the seed it decides id and words
    std::int64_t created = 0;  // Unix seconds
};

class AnswerWriter {
public:
    // REQUIRES: `ask` outlives the writer.
    AnswerWriter(const Ask& ask, const AnswerIdentity& identity);

    // The JSON of an answer that is not streamed.
    [[nodiscard]] std::string document() const;

    // Appends the events of the tokens from `from` (counted from 0) up to but not including `to`, one each; before the
    // first the opening of a stream, after the last its end. Each event ends with an empty line.
    void append_events(std::string& out, std::uint32_t from, std::uint32_t to) const;

    [[nodiscard]] const std::string& id() const { return id_; }

private:
    void write_token_frame();
    void append_opening(std::string& out) const;
    void append_ending(std::string& out) const;
    // One event; `type` for Anthropic's, which name it.
    void append_event(std::string& out, std::string_view type, std::string_view json) const;

    [[nodiscard]] std::string_view word_at(std::uint32_t index) const;
    // Responses: the object at some stage of its making, with the given `output` and `usage`.
    [[nodiscard]] std::string response(std::string_view status, std::string_view output, std::string_view usage) const;
    [[nodiscard]] std::string output_item(std::string_view status, std::string_view content) const;
    [[nodiscard]] std::string embeddings() const;
    void append_response_opening(std::string& out) const;
    void append_response_ending(std::string& out) const;
    // OpenAI: `{"id":...,"object":OBJECT,"created":...,"model":...,`, and the tier where one is asked for.
    [[nodiscard]] std::string preamble(std::string_view object) const;
    [[nodiscard]] std::string chunk(std::string_view choices) const;
    [[nodiscard]] std::string usage() const;
    [[nodiscard]] std::string input_output_usage() const;
    [[nodiscard]] std::string text() const;

    const Ask& ask_;
    AnswerIdentity identity_;
    std::string id_;
    std::string before_token_;  // of a token's event, what stands before the word and after it
    std::string after_token_;
};

}  // namespace weir::mock
