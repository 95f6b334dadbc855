#pragma once
// Members of the query of a request's target, as URLSearchParams and HTML forms write them.

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir::http {

// In the request line with which `head` begins: each member `name` of the query whose value is the first of a pair gets
// the second. Escapes are decoded to compare; everything else keeps its bytes.
void rename_in_query(std::string_view name, std::span<const std::pair<std::string, std::string>> names,
                     std::string& head);

}  // namespace weir::http
