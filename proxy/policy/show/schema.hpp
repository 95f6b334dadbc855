#pragma once
// The policy format as a JSON Schema, for editors and for whoever generates policies.

#include <string>

namespace weir::policy {

// Draft 2020-12, indented, with a line ending at its end; made from the table of fields. It holds what a schema can
// say; names that lead nowhere and the like are left to `weir check`.
[[nodiscard]] std::string json_schema();

}  // namespace weir::policy
