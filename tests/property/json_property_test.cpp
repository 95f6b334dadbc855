// The in-place reader and the rewriter against Boost.JSON, which reads the whole text into a document: whatever Boost
// accepts, ours reads the same.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "support/json_referee.hpp"

namespace weir::ai {
namespace {

using Picks = std::vector<std::uint8_t>;

// Turns random bytes into a body: mostly well formed, with members that mean something, at every depth, in odd
// spellings.
class BodyMaker {
public:
    explicit BodyMaker(const Picks& picks) : picks_(picks) {}

    std::string object(int depth) {
        std::string text = space() + "{" + space();
        const unsigned count = pick() % 6;
        for (unsigned i = 0; i < count; ++i) {
            if (i > 0) text += "," + space();
            text += name() + space() + ":" + space() + value(depth) + space();
        }
        return text + "}" + space();
    }

private:
    unsigned pick() { return at_ < picks_.size() ? picks_[at_++] : 0; }

    std::string space() { return std::string(std::array{"", " ", "\n", "\t \r\n"}[pick() % 8 % 4]); }

    std::string name() {
        const std::size_t which = pick() % (kMemberCount + 4);
        if (which >= kMemberCount) return string();
        std::string name(kMembers[which].name);
        if (pick() % 8 == 0)
            name = "\\u00" + std::string(1, "4567"[static_cast<unsigned char>(name[0]) / 16 - 4]) +
                   std::string(1, "0123456789abcdef"[name[0] % 16]) + name.substr(1);
        return "\"" + name + "\"";
    }

    std::string string() {
        static constexpr std::array kPieces{"a", "}",   "{", "\\\"",  "\\\\",           ",", ":",  "[", "\\u00e9",
                                            "é", "\\n", "]", "model", "\\ud83d\\ude00", " ", "\\/"};
        std::string text = "\"";
        for (unsigned i = pick() % 5; i > 0; --i) text += kPieces[pick() % kPieces.size()];
        return text + "\"";
    }

    std::string value(int depth) {
        static constexpr std::array kScalars{"0",           "1",    "-1",    "1.5",  "1e2", "2147483647",
                                             "99999999999", "true", "false", "null", "-0",  "1e9"};
        const unsigned kind = pick() % 8;
        if (kind < 3) return kScalars[pick() % kScalars.size()];
        if (kind < 5 || depth == 0) return string();
        if (kind < 7) return object(depth - 1);
        std::string list = "[" + space();
        for (unsigned i = pick() % 3; i > 0; --i) list += value(depth - 1) + (i > 1 ? "," : "") + space();
        return list + "]";
    }

    const Picks& picks_;
    std::size_t at_ = 0;
};

rc::Gen<Picks> picks() { return rc::gen::scale(4, rc::gen::arbitrary<Picks>()); }

RC_GTEST_PROP(RequestFactsProperty, ReadWhatBoostReads, ()) {
    RC_ASSERT(test::reads_alike(BodyMaker(*picks()).object(4)));
}

RC_GTEST_PROP(RequestFactsProperty, ReadWhatBoostReadsOfDamagedText, ()) {
    std::string body = BodyMaker(*picks()).object(3);
    const auto damages = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
        rc::gen::pair(rc::gen::arbitrary<std::uint16_t>(), rc::gen::arbitrary<std::uint8_t>()));
    static constexpr std::string_view kBytes = "{}[]\",:\\ \n0-e.tnf\xEF\0x";
    for (const auto& [at, byte] : damages) body[at % body.size()] = kBytes[byte % kBytes.size()];
    RC_ASSERT(test::reads_alike(body));
}

RC_GTEST_PROP(RequestFactsProperty, ReadPiecesAsTheWhole, ()) {
    const auto api = static_cast<Api>(*rc::gen::inRange(0, 9));
    RC_ASSERT(test::reads_alike_in_pieces(BodyMaker(*picks()).object(5), api));
}

RC_GTEST_PROP(RewriteProperty, ChangesTheMemberAndNothingElse, (bool removes)) {
    const std::string before = BodyMaker(*picks()).object(3);
    const auto member = static_cast<Member>(*rc::gen::inRange<std::size_t>(0, kMemberCount));
    RC_ASSERT(test::rewrites_exactly(before, member, removes));
}

}  // namespace
}  // namespace weir::ai
