#pragma once
// page.html as embedded in the program: the page with a mark where its data goes.

#include <string_view>

namespace weir::simulate {

extern const std::string_view kPageText;
inline constexpr std::string_view kDataMark = "/*DATA*/";

}  // namespace weir::simulate
