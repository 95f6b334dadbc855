#include "http/websocket.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace weir::http {
namespace {

constexpr std::size_t kLongestControl = 125;

bool is_websocket(const FieldTable& fields) {
    int offers = 0;
    bool websocket = false;
    for (const Field& field : fields) {
        if (field.id != FieldId::upgrade) continue;
        for_each_member(field.value, [&](std::string_view member) {
            ++offers;
            websocket |= equals_ignoring_case(member, "websocket");
        });
    }
    return websocket && offers == 1;
}

std::uint64_t read_number(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

void append_number(std::uint64_t value, int bytes, std::string& out) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

UpgradeAsk read_upgrade(const RequestHead& head) {
    if (!head.wants_upgrade || !is_websocket(head.fields)) return UpgradeAsk::none;
    const Field* key = head.fields.find_single("sec-websocket-key");
    const Field* version = head.fields.find_single("sec-websocket-version");
    // 16 bytes in base64 (section 4.1). If the request had a body, one side could read it as the tunnel's first bytes.
    const bool sound = head.method == "GET" && head.minor_version == 1 && head.framing == Framing::none &&
                       !head.expect_continue && key != nullptr && key->value.size() == 24 && version != nullptr &&
                       version->value == "13";
    return sound ? UpgradeAsk::websocket : UpgradeAsk::malformed;
}

bool accepts_websocket(const ResponseHead& head) {
    const bool has_extension = std::any_of(head.fields.begin(), head.fields.end(), [](const Field& field) {
        return equals_ignoring_case(field.name, "sec-websocket-extensions");
    });
    return head.status == 101 && is_websocket(head.fields) && !has_extension;
}

void remove_protocols(std::string_view prefix, std::string& head) {
    constexpr std::string_view kName = "sec-websocket-protocol:";
    for (std::size_t at = head.find('\n') + 1; at != 0 && at < head.size();) {
        const std::size_t end = std::min(head.find('\n', at), head.size() - 1) + 1;
        const std::string_view line = std::string_view(head).substr(at, end - at);
        std::string kept;
        bool is_changed = false;
        if (begins_ignoring_case(line, kName)) {
            for_each_member(line.substr(kName.size(), line.size() - kName.size() - 2), [&](std::string_view member) {
                is_changed |= begins_ignoring_case(member, prefix);
                if (!begins_ignoring_case(member, prefix)) kept.append(kept.empty() ? " " : ", ").append(member);
            });
        }
        if (is_changed && !kept.empty()) kept.insert(0, line.substr(0, kName.size())).append("\r\n");
        if (is_changed) head.replace(at, end - at, kept);
        at = is_changed ? at + kept.size() : end;
    }
}

std::size_t FrameReader::head_length() const {
    if (head_size_ < 2) return 2;
    const unsigned size = static_cast<unsigned char>(head_[1]) & 0x7F;
    const bool masked = (static_cast<unsigned char>(head_[1]) & 0x80) != 0;
    return 2 + (size == 126 ? 2U : size == 127 ? 8U : 0U) + (masked ? 4U : 0U);
}

FrameReader::Piece FrameReader::next(std::string_view bytes) {
    Piece piece;
    if (left_ > 0) {
        piece.consumed = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        piece.payload = bytes.substr(0, piece.consumed);
        left_ -= piece.consumed;
        piece.ends_frame = left_ == 0;
        return piece;
    }
    while (head_size_ < head_length() && piece.consumed < bytes.size()) head_[head_size_++] = bytes[piece.consumed++];
    if (head_size_ < head_length()) return piece;
    piece.head = {head_.data(), head_size_};
    piece.fault = finish_head();
    head_size_ = 0;
    piece.ends_frame = left_ == 0;
    return piece;
}

std::string_view FrameReader::finish_head() {
    const auto first = static_cast<unsigned char>(head_[0]);
    const auto second = static_cast<unsigned char>(head_[1]);
    const bool masked = (second & 0x80) != 0;
    if ((first & 0x70) != 0) return "a reserved bit is set";
    if (!is_known(first & 0x0F)) return "the opcode is not known";
    if (masked != masked_) return masked_ ? "a client's frame is not masked" : "a server's frame is masked";
    opcode_ = static_cast<Opcode>(first & 0x0F);
    final_ = (first & 0x80) != 0;
    const std::string_view head(head_.data(), head_size_);
    const std::size_t number = head_size_ - 2 - (masked ? 4 : 0);
    length_ = number == 0 ? second & 0x7F : read_number(head.substr(2, number));
    // Section 5.2: the shortest form, with the highest bit 0.
    if ((number == 2 && length_ < 126) || (number == 8 && (length_ <= 0xFFFF || length_ >> 63 != 0))) {
        return "the length is not in its shortest form";
    }
    if (is_control()) {
        if (!final_ || length_ > kLongestControl) return "a control frame is too long or fragmented";
    } else {
        if ((opcode_ == Opcode::continuation) != within_message_)
            return "a message within a message, or none to continue";
        within_message_ = !final_;
    }
    if (masked) std::copy_n(head.end() - 4, 4, mask_.begin());
    left_ = length_;
    return {};
}

void FrameReader::append_payload(const Piece& piece, std::string& out) const {
    if (!masked_) {
        out.append(piece.payload);
        return;
    }
    std::uint64_t at = length_ - left_ - piece.payload.size();
    for (const char c : piece.payload) out.push_back(static_cast<char>(c ^ mask_[at++ % 4]));
}

void append_frame(Opcode opcode, std::string_view payload, const std::array<char, 4>* mask, std::string& out) {
    const std::size_t size = payload.size();
    const int mask_bit = mask != nullptr ? 0x80 : 0;
    out.push_back(static_cast<char>(0x80 | static_cast<int>(opcode)));
    out.push_back(static_cast<char>(mask_bit | (size < 126 ? static_cast<int>(size) : size <= 0xFFFF ? 126 : 127)));
    if (size >= 126) append_number(size, size <= 0xFFFF ? 2 : 8, out);
    if (mask == nullptr) {
        out.append(payload);
        return;
    }
    out.append(mask->data(), mask->size());
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(payload[i] ^ (*mask)[i % 4]));
}

void append_close(CloseCode code, std::string_view why, const std::array<char, 4>* mask, std::string& out) {
    std::string payload;
    append_number(static_cast<std::uint16_t>(code), 2, payload);
    payload.append(why.substr(0, kLongestControl - 2));
    append_frame(Opcode::close, payload, mask, out);
}

}  // namespace weir::http
