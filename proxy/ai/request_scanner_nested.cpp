// RequestScanner inside a value that is not requested: finds its end, and media on the way.

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

#include "ai/request_scanner.hpp"
#include "base/sixteen_bytes.hpp"

namespace weir::ai {
namespace {

bool is_mark(char c) { return c == '"' || c == '{' || c == '}' || c == '[' || c == ']'; }

// The position of the next quote, brace or bracket at or after `at`; `end` when there is none.
const char* find_mark(const char* at, const char* end) {
    for (; end - at >= 16; at += 16) {
        const SixteenBytes bytes = load_sixteen(at);
        const SixteenBytes either = bytes | 0x20;  // `[` and `{` differ only in this bit, and so do `]` and `}`
        const std::size_t first = first_marked((bytes == '"') | (either == '{') | (either == '}'));
        if (first < 16) return at + first;
    }
    while (at < end && !is_mark(*at)) ++at;
    return at;
}

}  // namespace

void RequestScanner::begin_nested(char first) {
    state_ = State::nested;
    keeps_ = false;
    depth_ = 0;
    elements_ = 0;
    in_string_ = after_string_ = source_waits_ = false;
    is_list_ = first == '[';
    open_level(is_list_);
    const bool list = text_ == "images";
    levels_[0].passes = !inner_ && !known_ &&
                        (list || text_ == "messages" || text_ == "input" || text_ == "system" || text_ == "contents");
    levels_[0].key = list ? Key::list : Key::passage;
}

const char* RequestScanner::step_nested(const char* at, const char* end) {
    while (at < end) {
        if (in_string_) {
            const char* const stop = skip_string(at, end);
            take_nested_text({at, in_string_ ? stop : stop - 1});
            if (in_string_) return end;
            after_string_ = passing() != nullptr;
            at = stop;
            continue;
        }
        if (after_string_) {
            while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) ++at;
            if (at == end) return end;
            after_string_ = false;
            end_nested_string(*at == ':');
        }
        at = find_mark(at, end);
        if (at == end) return end;
        switch (*at) {
            case '"': begin_nested_string(); break;
            case '{':
            case '[':
                if (depth_ == kDeepest) {
                    state_ = State::broken;
                    return end;
                }
                open_level(*at == '[');
                break;
            default: close_level();
        }
        ++at;
        if (depth_ == 0) {
            end_value(offset(at));
            return at;
        }
    }
    return at;
}

RequestScanner::Level* RequestScanner::passing() {
    return depth_ > 0 && depth_ <= kWatched && levels_[depth_ - 1].passes ? &levels_[depth_ - 1] : nullptr;
}

void RequestScanner::open_level(bool list) {
    Level* const around = passing();
    const bool element = depth_ == 1 && levels_[0].is_list && list;
    elements_ += element ? 1 : 0;
    Level opened{.is_list = list};
    if (around != nullptr) {
        // The elements of a list have its name.
        opened.key = around->is_list ? around->key : around->member;
        opened.hint = around->is_list ? around->hint : around->member_hint;
        opened.passes = opened.key == Key::passage || opened.key == Key::holder || opened.key == Key::link ||
                        opened.key == Key::source || opened.key == Key::list;
        around->member = Key::other;
        if (opened.key == Key::source) source_waits_ = source_is_coded_ = source_is_other_ = false;
    }
    ++depth_;
    if (depth_ <= kWatched) levels_[depth_ - 1] = opened;
}

void RequestScanner::close_level() {
    if (const Level* level = passing(); level != nullptr && level->key == Key::source) end_source();
    --depth_;
}

void RequestScanner::begin_nested_string() {
    in_string_ = true;
    escaped_ = false;
    short_size_ = 0;
    elements_ += depth_ == 1 && levels_[0].is_list ? 1 : 0;
    const Level* level = passing();
    const MediaPlace wanted = level == nullptr ? MediaPlace::none : media_place(*level);
    if (wanted == MediaPlace::none) {
        if (!source_waits_ && media_.place() != MediaPlace::none) media_.begin(MediaPlace::none, MediaKind::unknown);
        return;
    }
    source_waits_ = false;
    // The container's kind counts for more than its member's name, except for a picture under its own name.
    const bool by_member = !level->is_list && (level->key == Key::passage || level->hint == MediaKind::unknown);
    media_.begin(wanted, by_member ? level->member_hint : level->hint);
}

// The place of this container's next string, unless that turns out to be a name.
MediaPlace RequestScanner::media_place(const Level& level) const {
    if (level.is_list) return level.key == Key::list ? MediaPlace::coded : MediaPlace::none;
    switch (level.member) {
        case Key::link: return level.key == Key::passage ? MediaPlace::link : MediaPlace::none;
        case Key::url: return level.key == Key::link || level.key == Key::source ? MediaPlace::link : MediaPlace::none;
        case Key::file_data: return MediaPlace::coded;
        case Key::data:
            if (level.key == Key::source) return MediaPlace::source;
            return level.key == Key::holder ? MediaPlace::coded : MediaPlace::none;
        default: return MediaPlace::none;
    }
}

void RequestScanner::take_nested_text(std::string_view raw) {
    if (passing() == nullptr) return;
    if (short_size_ < kTooLongName) {
        const bool fits = short_size_ + raw.size() <= short_text_.size();
        if (fits) std::copy_n(raw.begin(), raw.size(), short_text_.begin() + short_size_);
        short_size_ = fits ? short_size_ + static_cast<std::uint32_t>(raw.size()) : kTooLongName;
    }
    if (media_.place() == MediaPlace::none || source_waits_) return;
    if (media_.sated()) {
        media_.skip(raw.size());
    } else {
        media_.push(raw);
    }
}

void RequestScanner::end_nested_string(bool is_name) {
    Level* level = passing();
    if (level == nullptr) return;
    const std::string_view text =
        short_size_ <= short_text_.size() ? std::string_view(short_text_.data(), short_size_) : std::string_view{};
    const bool is_media = media_.place() != MediaPlace::none && !source_waits_;
    if (is_name && !level->is_list) {
        level->member = key_of(text, level->member_hint);
        if (is_media) media_.begin(MediaPlace::none, MediaKind::unknown);
        return;
    }
    if (level->key == Key::source && level->member == Key::type) {
        source_is_coded_ |= text == "base64";
        source_is_other_ |= text != "base64";
    }
    level->member = Key::other;  // its value has been read
    if (!is_media) return;
    source_waits_ = media_.place() == MediaPlace::source;
    if (source_waits_) return;
    media_.end(facts_.media);
    media_.begin(MediaPlace::none, MediaKind::unknown);
}

// A `source` of text is text, whatever its `data` contains.
void RequestScanner::end_source() {
    if (source_waits_ && source_is_coded_ && !source_is_other_) media_.end(facts_.media);
    source_waits_ = false;
    media_.begin(MediaPlace::none, MediaKind::unknown);
}

RequestScanner::Key RequestScanner::key_of(std::string_view name, MediaKind& hint) {
    struct Row {
        std::string_view name;
        Key key;
        MediaKind hint;
    };
    static constexpr auto kKeys = std::to_array<Row>({
        {"url", Key::url, MediaKind::picture},
        {"data", Key::data, MediaKind::unknown},
        {"type", Key::type, MediaKind::unknown},
        {"file", Key::holder, MediaKind::file},
        {"parts", Key::passage, MediaKind::unknown},
        {"output", Key::passage, MediaKind::unknown},
        {"images", Key::list, MediaKind::picture},
        {"source", Key::source, MediaKind::picture},
        {"content", Key::passage, MediaKind::unknown},
        {"image_url", Key::link, MediaKind::picture},
        {"audio_url", Key::link, MediaKind::sound},
        {"video_url", Key::link, MediaKind::video},
        {"file_data", Key::file_data, MediaKind::file},
        {"inlineData", Key::holder, MediaKind::picture},
        {"inline_data", Key::holder, MediaKind::picture},
        {"input_audio", Key::holder, MediaKind::sound},
    });
    // For each length, a bit for each name of that length.
    static constexpr auto kByLength = [] {
        std::array<std::uint32_t, std::tuple_size_v<decltype(short_text_)> + 1> bits{};
        for (std::size_t i = 0; i < kKeys.size(); ++i) bits.at(kKeys[i].name.size()) |= std::uint32_t{1} << i;
        return bits;
    }();
    hint = MediaKind::unknown;
    if (name.size() >= kByLength.size()) return Key::other;
    for (std::uint32_t left = kByLength[name.size()]; left != 0; left &= left - 1) {
        const Row& row = kKeys[static_cast<std::size_t>(std::countr_zero(left))];
        if (row.name != name) continue;
        hint = row.hint;
        return row.key;
    }
    return Key::other;
}

}  // namespace weir::ai
