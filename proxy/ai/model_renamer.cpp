#include "ai/model_renamer.hpp"

#include "base/json_text.hpp"

namespace weir::ai {

ModelRenamer::ModelRenamer(Form form, std::string_view name) : name_(json_string(name)), form_(form) {}

void ModelRenamer::push(std::string_view content, std::string& out) {
    std::size_t passed = 0;  // up to here it is in `out`, or replaced
    for (std::size_t at = 0; at < content.size();) {
        if (in_ != In::nothing) {
            const bool replaced = in_ == In::old_name;
            at += take_string(content.substr(at));
            if (replaced) passed = at;
        } else if (take(content[at++])) {
            out.append(content.substr(passed, at - 1 - passed)).append(name_);
            passed = at;
        }
    }
    out.append(content.substr(passed));
}

bool ModelRenamer::take(char c) {
    switch (c) {
        case '"':
            if (!after_colon_) {
                in_ = In::key;
                key_.clear();
                return false;
            }
            in_ = has_member() && last_key_ == Key::model ? In::old_name : In::text;
            return in_ == In::old_name;
        case ':': after_colon_ = true; return false;
        case ',': after_colon_ = false; return false;
        case '{':
            ++depth_;
            if (depth_ == 2) inside_ = after_colon_ && last_key_ == Key::parent;
            after_colon_ = false;
            return false;
        case '[':
            ++depth_;
            if (depth_ <= 2) inside_ = false;
            after_colon_ = true;  // its strings are values
            last_key_ = Key::other;
            return false;
        case '}':
        case ']':
            if (depth_ > 0) --depth_;
            after_colon_ = false;
            last_key_ = Key::other;
            return false;
        case '\n':
            if (form_ == Form::lines) start_line();
            return false;
        default: return false;
    }
}

std::size_t ModelRenamer::take_string(std::string_view content) {
    for (std::size_t at = 0; at < content.size(); ++at) {
        const char c = content[at];
        if (form_ == Form::lines && c == '\n') {  // not JSON, or broken off
            start_line();
            return at;
        }
        if (!escaped_ && c == '"') {
            if (in_ == In::key) end_key();
            in_ = In::nothing;
            return at + 1;
        }
        escaped_ = !escaped_ && c == '\\';
        if (in_ == In::key && key_.size() <= kLongestKey) key_.push_back(c);
    }
    return content.size();
}

void ModelRenamer::end_key() {
    last_key_ = Key::other;
    if (key_ == "model") last_key_ = Key::model;
    if (depth_ == 1 && (key_ == "response" || key_ == "message")) last_key_ = Key::parent;
}

void ModelRenamer::start_line() {
    depth_ = 0;
    in_ = In::nothing;
    last_key_ = Key::other;
    escaped_ = after_colon_ = inside_ = false;
}

}  // namespace weir::ai
