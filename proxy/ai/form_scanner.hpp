#pragma once
// Reads a form (multipart/form-data, RFC 7578 and RFC 2046 section 5.1) as its bytes arrive, for the fields that a
// request's JSON would have by the same names: `model`, `stream`, `seconds`, `size` ... Files in it are skipped; a
// field may have up to 512 bytes.
//
// Readers of forms differ in nearly everything that is not plain: two fields of one name, `name*`, a name without
// quotes, an encoded part, a boundary that does not end its line. A form that is not plain has a fault.

#include <cstdint>
#include <string>
#include <string_view>

#include "ai/request_facts.hpp"

namespace weir::ai {

class FormScanner {
public:
    // `content_type`: the field's whole value, including the boundary.
    FormScanner(Api api, std::string_view content_type);

    void push(std::string_view bytes);
    // Call once, when the body has ended: what it asks for.
    [[nodiscard]] RequestFacts finish();

private:
    enum class State : std::uint8_t { preamble, delimiter_end, head, content, epilogue, broken };

    std::string_view take_delimiter_end(std::string_view bytes);
    std::string_view take_head(std::string_view bytes);
    std::string_view take_content(std::string_view bytes);
    void read_head();
    void read_disposition(std::string_view value);
    // `end`: of the part's content.
    void end_part(std::uint64_t end);
    void end_field(Member member, std::uint64_t end);
    void keep(std::string_view content);
    void blame(std::string_view why);

    RequestFacts facts_;
    std::string delimiter_;    // CRLF, `--` and the boundary
    std::size_t matched_ = 2;  // bytes of it matched: the first needs no line before it
    std::string head_;         // the part's head
    std::string value_;
    std::string name_;
    std::string line_;  // what follows a delimiter
    std::uint64_t bytes_ = 0;
    std::uint64_t value_at_ = 0;  // where the part's content begins
    State state_ = State::preamble;
    bool reads_ = false;  // the part is a field whose name matters
    bool is_file_ = false;
    bool is_coded_ = false;
    bool overflown_ = false;
};

}  // namespace weir::ai
