#include "base/segmented_text.hpp"

#include <algorithm>
#include <utility>

#include "base/free_memory.hpp"

namespace weir {

void SegmentedText::append(std::string_view bytes) {
    const std::size_t held = size_;
    size_ += bytes.size();
    // A short text grows as a string does, up to a bound.
    if (more_.empty()) {
        const std::size_t room = std::max(kShort, first_.capacity()) - first_.size();
        const std::size_t count = std::min(room, bytes.size());
        if (first_.size() + count > first_.capacity()) {
            // Grows into a new string with the exact capacity: growing in place at least doubles, whatever is
            // requested.
            std::string larger;
            larger.reserve(std::min(kShort, std::max(2 * first_.capacity(), first_.size() + count)));
            first_ = std::move(larger.append(first_));
        }
        first_.append(bytes.substr(0, count));
        bytes.remove_prefix(count);
    }
    while (!bytes.empty()) {
        if (more_.empty() || more_.back().size() == more_.back().capacity()) {
            more_.emplace_back().reserve(std::clamp(held / 2, kSmallestSegment, kLargestSegment));
        }
        std::string& last = more_.back();
        const std::size_t count = std::min(last.capacity() - last.size(), bytes.size());
        last.append(bytes.substr(0, count));
        bytes.remove_prefix(count);
    }
}

SegmentedText::Place SegmentedText::find(std::size_t at) const {
    Place place{0, at};
    while (place.at >= segment(place.segment).size() && place.segment + 1 < segments()) {
        place.at -= segment(place.segment).size();
        ++place.segment;
    }
    return place;
}

void SegmentedText::splice(std::size_t begin, std::size_t end, std::string_view text) {
    Place place = find(begin);
    const Place where = place;
    for (std::size_t left = end - begin; left > 0; place = {place.segment + 1, 0}) {
        std::string& in = string_at(place.segment);
        const std::size_t count = std::min(left, in.size() - place.at);
        in.erase(place.at, count);
        left -= count;
    }
    size_ = size_ - (end - begin) + text.size();
    if (!text.empty()) insert(where, text);
}

void SegmentedText::insert(Place place, std::string_view text) {
    std::string& in = string_at(place.segment);
    if (more_.empty() || in.size() + text.size() <= in.capacity()) {
        in.insert(place.at, text);
        return;
    }
    // A full segment is split in two rather than grown to twice its size.
    std::string tail = in.substr(place.at);
    in.resize(place.at);
    std::string added(text);
    added.append(tail);
    more_.insert(more_.begin() + static_cast<std::ptrdiff_t>(place.segment), std::move(added));
}

void SegmentedText::clear() {
    free_memory(first_);
    free_memory(more_);
    size_ = 0;
}

std::string SegmentedText::take_first() {
    std::string text = std::move(first_);
    clear();
    return text;
}

std::size_t SegmentedText::capacity() const {
    std::size_t all = first_.capacity();
    for (const std::string& segment : more_) all += segment.capacity();
    return all;
}

char SegmentedText::operator[](std::size_t at) const {
    const Place place = find(at);
    return segment(place.segment)[place.at];
}

std::size_t SegmentedText::find_first_not_of(std::string_view set, std::size_t at) const {
    for (Place place = find(at); place.segment < segments(); place = {place.segment + 1, 0}) {
        const std::size_t found = segment(place.segment).find_first_not_of(set, place.at);
        const std::size_t passed = std::min(found, segment(place.segment).size());
        at += passed - std::min(place.at, passed);
        if (found != npos) return at;
    }
    return size_;
}

std::size_t SegmentedText::find_last_not_of(std::string_view set, std::size_t end) const {
    if (end == 0) return npos;
    Place place = find(end - 1);
    std::size_t begin = end - 1 - place.at;  // where this segment begins in the text
    std::size_t upto = place.at + 1;
    for (;;) {
        const std::size_t found = segment(place.segment).substr(0, upto).find_last_not_of(set);
        if (found != npos) return begin + found;
        if (place.segment == 0) return npos;
        --place.segment;
        upto = segment(place.segment).size();
        begin -= upto;
    }
}

std::string SegmentedText::joined() const {
    std::string all;
    all.reserve(size_);
    for (std::size_t i = 0; i < segments(); ++i) all.append(segment(i));
    return all;
}

}  // namespace weir
