#pragma once
// Boost.JSON as the referee of ai/'s in-place reading and rewriting: whatever it accepts as a document, ours must read
// the same and change as it would.

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "ai/request_facts.hpp"
#include "ai/request_scanner.hpp"
#include "ai/rewrite.hpp"

namespace weir::test {

namespace json = boost::json;

inline json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// The document, or null where Boost does not take the text for an object.
inline json::value parsed(std::string_view text) {
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 500;
    json::value value = json::parse(view(text), error, {}, options);
    return error || !value.is_object() ? json::value() : value;
}

inline const json::value* find(const json::value& document, ai::Member member) {
    const json::object* object = document.if_object();
    const ai::MemberRow& wanted = ai::row(member);
    if (!wanted.parent.empty()) {
        const json::value* parent = object->if_contains(view(wanted.parent));
        object = parent == nullptr ? nullptr : parent->if_object();
    }
    return object == nullptr ? nullptr : object->if_contains(view(wanted.name));
}

// Whether the facts of a body are what Boost reads of it. A body that has a member twice is refused: its other facts
// are not used.
inline bool reads_alike(std::string_view body) {
    const ai::RequestFacts facts = ai::read_facts(ai::Api::chat, body);
    const json::value document = parsed(body);
    if (document.is_null() || facts.fault.ends_with("twice")) return true;
    if (!facts.is_object) return false;
    for (std::size_t i = 0; i < ai::kMemberCount; ++i) {
        const auto member = static_cast<ai::Member>(i);
        if (ai::row(member).kind == ai::MemberKind::hint) continue;
        const json::value* expected = find(document, member);
        if ((expected != nullptr) != facts.at(member).there()) return false;
        if (expected == nullptr) continue;
        boost::system::error_code error;
        // Long values and nested ones are not kept.
        const std::string_view written = facts.written(member);
        if (written.empty()) continue;
        if (json::parse(view(written), error) != *expected || error) return false;
        const json::string* text = expected->if_string();
        if (text != nullptr && !facts.says(member, {text->data(), text->size()})) return false;
    }
    const json::value* stream = find(document, ai::Member::stream);
    return facts.stream == (stream != nullptr && stream->is_bool() && stream->get_bool());
}

// Whether a body in pieces of one to seven bytes is read as it is in one piece.
inline bool reads_alike_in_pieces(std::string_view body, ai::Api api) {
    const ai::RequestFacts whole = ai::read_facts(api, body);
    ai::RequestScanner scanner(api);
    for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size % 7 + 1)
        scanner.push(body.substr(at, size));
    const ai::RequestFacts pieces = scanner.finish();
    for (std::size_t i = 0; i < ai::kMemberCount; ++i) {
        const auto member = static_cast<ai::Member>(i);
        const ai::MemberSpan& a = whole.at(member);
        const ai::MemberSpan& b = pieces.at(member);
        if (a.begin != b.begin || a.value != b.value || a.end != b.end) return false;
        if (whole.written(member) != pieces.written(member)) return false;
    }
    return whole.is_object == pieces.is_object && whole.fault == pieces.fault && whole.stream == pieces.stream &&
           whole.max_output_tokens == pieces.max_output_tokens && whole.n == pieces.n &&
           whole.prompts == pieces.prompts && whole.media.bytes == pieces.media.bytes &&
           whole.media.tokens == pieces.media.tokens && whole.class_unclear == pieces.class_unclear;
}

// What the document is once a member has been set to "new", or taken out.
inline json::value changed(const json::value& document, ai::Member member, bool removes) {
    json::value expected = document;
    const ai::MemberRow& wanted = ai::row(member);
    json::object* object = &expected.get_object();
    if (!wanted.parent.empty()) {
        json::value& parent = (*object)[view(wanted.parent)];
        if (!parent.is_object()) parent = json::object();
        object = &parent.get_object();
    }
    if (removes) {
        object->erase(view(wanted.name));
    } else {
        (*object)[view(wanted.name)] = "new";
    }
    return expected;
}

// The rest of a text beside a removed member, without the comma and spaces.
inline std::string_view trimmed_back(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n,") + 1);
}
inline std::string_view trimmed_front(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(" \t\r\n,"), text.size()));
}

// Whether a change does what it should and changes no other byte.
inline bool rewrites_exactly(const std::string& before, ai::Member member, bool removes) {
    const ai::RequestFacts facts = ai::read_facts(ai::Api::chat, before);
    ai::Rewrite rewrite(facts);
    if (removes) {
        rewrite.remove(member);
    } else {
        rewrite.set(member, "\"new\"");
    }
    SegmentedText text_after(before);
    if (rewrite.apply(text_after) != facts.is_object) return false;
    const std::string after = text_after.joined();
    const ai::MemberSpan& span = facts.at(member);
    if (!facts.is_object || (removes && !span.there())) return after == before;

    const json::value was = parsed(before);
    const bool ambiguous = facts.fault.ends_with("twice") || ai::row(member).kind == ai::MemberKind::hint;
    if (!was.is_null() && !ambiguous && parsed(after) != changed(was, member, removes)) return false;
    if (!span.there()) return true;
    const std::string_view text = before;
    if (!removes) return after == before.substr(0, span.value) + "\"new\"" + before.substr(span.end);
    return after.starts_with(trimmed_back(text.substr(0, span.begin))) &&
           after.ends_with(trimmed_front(text.substr(span.end)));
}

}  // namespace weir::test
