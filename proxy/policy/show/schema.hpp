#pragma once
// The policy format as a JSON Schema, for editors and for policy generators.

#include <string>

#include "policy/keys/member.hpp"

namespace weir::policy {

// Draft 2020-12, indented, with a line ending at its end; made from the keys. It holds what a schema can express;
// unknown names and the like are left to `weir check`.
[[nodiscard]] std::string json_schema();
// The schema of a map alone, which `root` describes.
[[nodiscard]] std::string json_schema(const Description& root);

}  // namespace weir::policy
