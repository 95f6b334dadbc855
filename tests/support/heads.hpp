#pragma once
// Heads as tests write them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/head.hpp"

namespace weir::test {

// `lines`, one after the other, each ended by CRLF, and the empty line.
inline std::string head_of(std::initializer_list<std::string_view> lines) {
    std::string text;
    for (const std::string_view line : lines) text.append(line).append("\r\n");
    return text.append("\r\n");
}

// A request that is valid except for `fields` (each with its CRLF).
inline std::string post_with(std::string_view fields) {
    return std::string("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
}

// The same for a response.
inline std::string answer_with(std::string_view fields) {
    return std::string("HTTP/1.1 200 OK\r\n").append(fields).append("\r\n");
}

using NamesAndValues = std::vector<std::pair<std::string, std::string>>;

inline NamesAndValues names_and_values(const http::FieldTable& fields) {
    NamesAndValues result;
    for (const http::Field& field : fields) result.emplace_back(field.name, field.value);
    return result;
}

}  // namespace weir::test
