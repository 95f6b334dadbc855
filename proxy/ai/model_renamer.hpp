#pragma once
// Renames the model in an answer on its way to the client: where a backend calls a model by a name of its own, clients
// read the name by which they asked.
//
// The member is replaced wherever the APIs of OpenAI and Anthropic have it: `model` at the top of a document or of an
// event, and inside `response` (Responses API) and `message` (Messages API). Everything else passes unchanged, and no
// more is held back than the old name, however the content is cut into pieces.

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::ai {

class ModelRenamer {
public:
    enum class Form : std::uint8_t {
        document,  // one JSON text
        lines,     // a JSON text in each line, as in streams of events
    };

    // `name` is what clients read.
    ModelRenamer(Form form, std::string_view name);

    // Appends to `out` what passes for `content`, which follows the content of the call before.
    void push(std::string_view content, std::string& out);

private:
    enum class In : std::uint8_t { nothing, key, text, old_name };
    // What the last key of an object says about its value.
    enum class Key : std::uint8_t { other, model, parent };

    // Takes the next character outside strings. Returns whether it begins the name to be replaced.
    [[nodiscard]] bool take(char c);
    // The same within a string that is not replaced: as much of `content` as belongs to it.
    [[nodiscard]] std::size_t take_string(std::string_view content);
    void end_key();
    void start_line();
    [[nodiscard]] bool has_member() const { return depth_ == 1 || (depth_ == 2 && inside_); }

    static constexpr std::size_t kLongestKey = 8;  // "response"

    std::string name_;  // as JSON has it, with quotes
    std::string key_;   // its beginning
    std::uint32_t depth_ = 0;
    Form form_;
    In in_ = In::nothing;
    Key last_key_ = Key::other;
    bool escaped_ = false;
    bool after_colon_ = false;
    bool inside_ = false;  // a parent, at depth 2
};

}  // namespace weir::ai
