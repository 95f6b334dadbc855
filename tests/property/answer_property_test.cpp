// Answers read as they pass, split anywhere: against the same answer in one piece, and against Boost.JSON.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "ai/event_scanner.hpp"

namespace weir::ai {
namespace {

namespace json = boost::json;
using Picks = std::vector<std::uint8_t>;

// Meaningful pieces of events, in any order.
std::string stream_of(const Picks& picks) {
    static constexpr std::array<std::string_view, 20> kPieces{
        "data: ",
        "data:",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "event: message_start\n",
        ": note\n\n",
        "[DONE]",
        R"({"choices":[{"delta":{"content":"word"}}]})",
        R"({"choices":[],"usage":{"prompt_tokens":3,)",
        R"("completion_tokens":4}})",
        R"({"usage":{"output_tokens":15}})",
        R"({"type":"x","delta":{"text":"\u00e9\\"}})",
        R"({"type":"response.output_text.delta","delta":"a longer text than one token has"})",
        "\"",
        "{",
        "}",
        "[",
        "id: 7\n"};
    std::string text;
    for (const std::uint8_t pick : picks) text += kPieces[pick % kPieces.size()];
    return text;
}

void feed(EventScanner& scanner, std::string_view text, const std::vector<std::uint8_t>& cuts) {
    std::size_t cut = 0;
    while (!text.empty()) {
        const std::size_t size = cuts.empty() ? 1 : cuts[cut++ % cuts.size()] % 40 + 1U;
        scanner.push(text.substr(0, size));
        text.remove_prefix(std::min(size, text.size()));
    }
}

RC_GTEST_PROP(EventScannerProperty, IsIndependentOfHowTheBytesAreSplit, (const Picks& picks, const Picks& cuts)) {
    const auto form = static_cast<EventScanner::Form>(*rc::gen::inRange(0, 3));
    const std::string text = stream_of(picks);
    EventScanner whole(form);
    EventScanner cut(form);
    whole.push(text);
    feed(cut, text, cuts);
    RC_ASSERT(cut.events() == whole.events());
    RC_ASSERT(cut.tokens() == whole.tokens());
    RC_ASSERT(cut.usage().input == whole.usage().input);
    RC_ASSERT(cut.usage().output == whole.usage().output);
}

RC_GTEST_PROP(EventScannerProperty, TakesEveryByteOnce, (const Picks& picks, const Picks& cuts)) {
    const std::string text = stream_of(picks);
    EventScanner scanner;
    std::string_view rest = text;
    std::size_t cut = 0;
    while (!rest.empty()) {
        std::string_view piece = rest.substr(0, cuts.empty() ? rest.size() : cuts[cut++ % cuts.size()] % 40 + 1U);
        rest.remove_prefix(piece.size());
        while (!piece.empty()) {
            const std::size_t taken = scanner.take(piece);
            RC_ASSERT(taken > 0U);
            RC_ASSERT(taken <= piece.size());
            RC_ASSERT(scanner.ended() || scanner.only_comments() || taken == piece.size());
            piece.remove_prefix(taken);
        }
    }
}

// A document with `usage` here and there, as Boost reads it.
class DocumentMaker {
public:
    explicit DocumentMaker(const Picks& picks) : picks_(picks) {}

    json::object object(int depth) {
        static constexpr std::array<std::string_view, 9> kNames{"usage",         "response",      "message",
                                                                "prompt_tokens", "output_tokens", "input_tokens",
                                                                "choices",       "x\"\\",         "completion_tokens"};
        json::object made;
        for (unsigned i = pick() % 5; i > 0; --i) {
            const std::string_view name = kNames[pick() % kNames.size()];
            made[{name.data(), name.size()}] = value(depth);
        }
        return made;
    }

private:
    unsigned pick() { return at_ < picks_.size() ? picks_[at_++] : 0; }

    json::value value(int depth) {
        switch (depth == 0 ? pick() % 3 : pick() % 7) {
            case 0: return pick();
            case 1: return "text with \"usage\":{\"prompt_tokens\":9}";
            case 2: return nullptr;
            case 3: {
                json::array list;
                for (unsigned i = pick() % 3; i > 0; --i) list.push_back(value(depth - 1));
                return list;
            }
            default: return object(depth - 1);
        }
    }

    const Picks& picks_;
    std::size_t at_ = 0;
};

// The number at the last place in the text where a usage may be.
std::optional<std::uint32_t> expected(const json::object& document, std::initializer_list<json::string_view> names) {
    std::optional<std::uint32_t> found;
    const auto look = [&](const json::value& value) {
        const json::object* usage = value.if_object();
        if (usage == nullptr) return;
        for (const auto& [name, number] : *usage) {
            const bool named = std::find(names.begin(), names.end(), name) != names.end();
            if (named && number.is_number()) found = number.to_number<std::uint32_t>();
        }
    };
    for (const auto& [name, value] : document) {
        if (name == "usage") look(value);
        const json::object* inner = name == "response" || name == "message" ? value.if_object() : nullptr;
        const json::value* usage = inner == nullptr ? nullptr : inner->if_contains("usage");
        if (usage != nullptr) look(*usage);
    }
    return found;
}

RC_GTEST_PROP(AnswerScannerProperty, FindsUsageWhereBoostFindsIt, (std::uint8_t size)) {
    const auto picks = *rc::gen::scale(4, rc::gen::arbitrary<Picks>());
    const json::object document = DocumentMaker(picks).object(4);
    const std::string text = json::serialize(document);
    AnswerScanner scanner;
    for (std::size_t from = 0; from < text.size(); from += size + 1U) {
        scanner.push(std::string_view(text).substr(from, size + 1U));
    }
    RC_ASSERT(scanner.usage().input == expected(document, {"prompt_tokens", "input_tokens"}));
    RC_ASSERT(scanner.usage().output == expected(document, {"completion_tokens", "output_tokens"}));
}

}  // namespace
}  // namespace weir::ai
