#include "ai/rewrite.hpp"

#include <algorithm>
#include <utility>

namespace weir::ai {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string named(const MemberRow& row, std::string_view json) {
    std::string text;
    text.reserve(row.name.size() + json.size() + 4);
    return text.append("\"").append(row.name).append("\":").append(json);
}

void insert(SegmentedText& body, std::size_t at, std::string text) {
    const std::size_t next = body.find_first_not_of(kSpace, at);
    if (next != body.size() && body[next] != '}') text.push_back(',');
    body.splice(at, at, text);
}

void erase(SegmentedText& body, std::size_t begin, std::size_t end) {
    const std::size_t next = body.find_first_not_of(kSpace, end);
    if (next != body.size() && body[next] == ',') {
        end = next + 1;
    } else if (const std::size_t before = body.find_last_not_of(kSpace, begin); body[before] == ',') {
        begin = before;
    }
    body.splice(begin, end, {});
}

Member parent_of(const MemberRow& child) {
    const auto found = std::find_if(kMembers.begin(), kMembers.end(), [&](const MemberRow& row) {
        return row.parent.empty() && row.name == child.parent;
    });
    return static_cast<Member>(found - kMembers.begin());
}

}  // namespace

void Rewrite::set(Member member, std::string json) {
    if (!facts_.is_object) return;
    const MemberRow& wanted = row(member);
    const MemberSpan& span = facts_.at(member);
    if (span.there()) return add({span.value, span.end, std::move(json), Act::replace});
    if (wanted.parent.empty())
        return add({facts_.members->inside, facts_.members->inside, named(wanted, json), Act::insert});
    const Member parent = parent_of(wanted);
    const MemberSpan& around = facts_.at(parent);
    std::string text = named(wanted, json);
    if (facts_.holds_object(parent)) return add({around.value + 1U, around.value + 1U, std::move(text), Act::insert});
    text.insert(0, "{").append("}");
    set(parent, std::move(text));
}

void Rewrite::remove(Member member) {
    const MemberSpan& span = facts_.at(member);
    if (span.there()) add({span.begin, span.end, {}, Act::remove});
}

void Rewrite::add(Change change) { changes_.push_back(std::move(change)); }

bool Rewrite::apply(SegmentedText& body) {
    if (!facts_.is_object) return false;
    // From the back, so that earlier positions stay valid. An insertion before a member is applied after that member's
    // change.
    std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
        return a.begin != b.begin ? a.begin > b.begin : a.act != Act::insert && b.act == Act::insert;
    });
    for (Change& change : changes_) {
        switch (change.act) {
            case Act::replace: body.splice(change.begin, change.end, change.text); break;
            case Act::insert: insert(body, change.begin, std::move(change.text)); break;
            case Act::remove: erase(body, change.begin, change.end); break;
        }
    }
    changes_.clear();
    return true;
}

}  // namespace weir::ai
