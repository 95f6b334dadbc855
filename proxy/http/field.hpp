#pragma once
// The header fields that mean something to an intermediary, each identified once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/ascii.hpp"

namespace weir::http {

enum class FieldId : std::uint8_t {
    other,
    // framing and addressing
    host,
    content_length,
    transfer_encoding,
    expect,
    max_forwards,
    via,
    // hop by hop (RFC 9110 section 7.6.1): for one connection only
    connection,
    hop_by_hop,
    te,
    upgrade,
    // the caller's claimed identity: only Weir's own statement of it reaches a backend
    forwarded_for,
    identity,
    claim,        // other names for that, or for the real target, that some servers read; harmless in answers
    engine_hint,  // a priority or placement that an engine or its router would grant the caller
    // credentials and hints that Weir reads
    authorization,
    api_key,
    content_type,
    request_id,
    traceparent,
    retry_count,
    read_timeout,
    idempotency_key,
    // responses
    date,  // the last: see FieldTable
};

// Case-insensitive. REQUIRES: a token. Identity fields, claims and hints are recognised in every spelling, also with
// `_` for `-`, because backends that follow CGI do not distinguish the two (CVE-2024-45410 and similar).
[[nodiscard]] FieldId identify(std::string_view name);

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

struct Field {
    std::string_view name;
    std::string_view value;  // trimmed
    FieldId id = FieldId::other;
};

// The fields of one head, in order. The views point into the parsed bytes.
class FieldTable {
    static_assert(static_cast<unsigned>(FieldId::date) < 32, "there is a bit for each id");

public:
    static constexpr std::size_t kCapacity = 256;

    void clear() {
        count_ = 0;
        present_ = 0;
    }
    [[nodiscard]] bool add(const Field& field) {
        if (count_ == kCapacity) return false;
        fields_[count_++] = field;
        present_ |= bit(field.id);
        return true;
    }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] const Field* begin() const { return fields_.data(); }
    [[nodiscard]] const Field* end() const { return fields_.data() + count_; }

    // Whether there is a field with that id. A fast check, as most fields that are looked for are absent.
    [[nodiscard]] bool has(FieldId id) const { return (present_ & bit(id)) != 0; }
    // The first field with that id, or null.
    [[nodiscard]] const Field* find(FieldId id) const { return has(id) ? find_present(id) : nullptr; }
    // By name, ignoring case: the only field with it; null when there is none or more than one.
    [[nodiscard]] const Field* find_single(std::string_view name) const;

private:
    static constexpr std::uint32_t bit(FieldId id) { return std::uint32_t{1} << static_cast<unsigned>(id); }
    [[nodiscard]] const Field* find_present(FieldId id) const;

    std::array<Field, kCapacity> fields_;
    std::size_t count_ = 0;
    std::uint32_t present_ = 0;  // by id
};

// Whether the content is compressed or otherwise encoded (RFC 9110 section 8.4).
[[nodiscard]] bool is_encoded(const FieldTable& fields);

// Calls `visit(std::string_view)` for each member of a comma-separated list, trimmed and without empty ones (RFC 9110
// section 5.6.1). A visitor returns false to stop.
template <typename Visit>
void for_each_member(std::string_view list, Visit visit) {
    constexpr bool kMayStop = std::is_same_v<decltype(visit(list)), bool>;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view member = trim(list.substr(0, comma));
        if constexpr (kMayStop) {
            if (!member.empty() && !visit(member)) return;
        } else {
            if (!member.empty()) visit(member);
        }
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace weir::http
