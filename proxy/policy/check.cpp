#include "policy/check.hpp"
namespace weir::policy {
void check(const Checked& checked, Diagnostics& diagnostics) {
    (void)checked;
    (void)diagnostics;
}
}  // namespace weir::policy
