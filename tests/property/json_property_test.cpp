// The reader in place and the rewriter against Boost.JSON, which reads the whole text into a document: whatever Boost
// takes, ours reads the same of.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "ai/request_facts.hpp"
#include "ai/rewrite.hpp"

namespace weir::ai {
namespace {

namespace json = boost::json;

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

// The document, or null where Boost does not take the text for an object.
json::value parsed(std::string_view text) {
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 500;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    return error || !value.is_object() ? json::value() : value;
}

json::value* find(json::value& document, Member member) {
    json::object* object = document.if_object();
    const MemberRow& wanted = row(member);
    if (!wanted.parent.empty()) {
        json::value* parent = object->if_contains({wanted.parent.data(), wanted.parent.size()});
        object = parent == nullptr ? nullptr : parent->if_object();
    }
    return object == nullptr ? nullptr : object->if_contains({wanted.name.data(), wanted.name.size()});
}

void agree(const std::string& body) {
    json::value document = parsed(body);
    const RequestFacts facts = read_facts(Api::chat, body);
    if (document.is_null()) return;
    RC_ASSERT(facts.is_object);
    const bool twice = facts.fault.ends_with("twice");
    if (twice) return;  // refused: nobody relies on the rest
    for (std::size_t i = 0; i < kMemberCount; ++i) {
        const auto member = static_cast<Member>(i);
        if (row(member).kind == MemberKind::hint) continue;
        const json::value* expected = find(document, member);
        RC_ASSERT((expected != nullptr) == facts.at(member).there());
        if (expected == nullptr) continue;
        const std::string_view written = facts.written(member, body);
        RC_ASSERT(json::parse({written.data(), written.size()}) == *expected);
        if (expected->is_string()) RC_ASSERT(facts.says(member, std::string_view(expected->get_string()), body));
    }
    const json::value* stream = find(document, Member::stream);
    RC_ASSERT(facts.stream == (stream != nullptr && stream->is_bool() && stream->get_bool()));
}

RC_GTEST_PROP(RequestFactsProperty, ReadWhatBoostReads, ()) { agree(BodyMaker(*picks()).object(4)); }

RC_GTEST_PROP(RequestFactsProperty, ReadWhatBoostReadsOfDamagedText, ()) {
    std::string body = BodyMaker(*picks()).object(3);
    const auto damages = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
        rc::gen::pair(rc::gen::arbitrary<std::uint16_t>(), rc::gen::arbitrary<std::uint8_t>()));
    static constexpr std::string_view kBytes = "{}[]\",:\\ \n0-e.tnf\xEF\0x";
    for (const auto& [at, byte] : damages) body[at % body.size()] = kBytes[byte % kBytes.size()];
    agree(body);
}

constexpr std::string_view kBetween = " \t\r\n,";

std::string_view trimmed_back(std::string_view text) { return text.substr(0, text.find_last_not_of(kBetween) + 1); }

std::string_view trimmed_front(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(kBetween), text.size()));
}

RC_GTEST_PROP(RewriteProperty, ChangesTheMemberAndNothingElse, ()) {
    const std::string before = BodyMaker(*picks()).object(3);
    const auto member = static_cast<Member>(*rc::gen::inRange<std::size_t>(0, kMemberCount));
    const bool removes = *rc::gen::arbitrary<bool>();
    const RequestFacts facts = read_facts(Api::chat, before);
    RC_PRE(facts.is_object && !facts.fault.ends_with("twice") && row(member).kind != MemberKind::hint);
    Rewrite rewrite(facts);
    if (removes) {
        rewrite.remove(member);
    } else {
        rewrite.set(member, "\"new\"");
    }
    std::string after = before;
    RC_ASSERT(rewrite.apply(after));
    const MemberSpan& span = facts.at(member);
    if (removes && !span.there()) {
        RC_ASSERT(after == before);
        return;
    }

    const json::value was = parsed(before);
    json::value is = parsed(after);
    RC_ASSERT(!was.is_null());
    RC_ASSERT(!is.is_null());
    json::value expected = was;
    const MemberRow& wanted = row(member);
    json::object* object = &expected.get_object();
    if (!wanted.parent.empty()) {
        json::value& parent = (*object)[{wanted.parent.data(), wanted.parent.size()}];
        if (!parent.is_object()) parent = json::object();
        object = &parent.get_object();
    }
    const json::string_view name(wanted.name.data(), wanted.name.size());
    if (removes) {
        object->erase(name);
    } else {
        (*object)[name] = "new";
    }
    RC_ASSERT(is == expected);
    // Outside of the member, down to the last space: but for a comma beside one that is taken out.
    if (!span.there()) return;
    const std::string_view text = before;
    if (!removes) RC_ASSERT(after == before.substr(0, span.value) + "\"new\"" + before.substr(span.end));
    if (removes) RC_ASSERT(after.starts_with(trimmed_back(text.substr(0, span.begin))));
    if (removes) RC_ASSERT(after.ends_with(trimmed_front(text.substr(span.end))));
}

}  // namespace
}  // namespace weir::ai
