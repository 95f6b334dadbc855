// The path normaliser: the normal form is its own normal form, decodes to what was sent, and holds nothing that servers
// interpret differently.

#include "http/path.hpp"

#include <string>

#include "base/hex.hpp"
#include "fuzz/input.hpp"

using namespace weir;
using test::require;

namespace {

// All escapes undone, as a server does.
std::string decoded(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const bool escape =
            path[i] == '%' && i + 2 < path.size() && hex_value(path[i + 1]) >= 0 && hex_value(path[i + 2]) >= 0;
        if (escape) {
            out.push_back(static_cast<char>(hex_value(path[i + 1]) << 4 | hex_value(path[i + 2])));
            i += 2;
        } else {
            out.push_back(path[i]);
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string sent = "/" + std::string(reinterpret_cast<const char*>(data), size);
    std::string_view target = sent;
    std::string room;
    std::string compared_room;
    if (!http::normalize_target(target, room).empty()) return 0;
    const std::string normal(target);
    std::string_view again = normal;
    std::string room_again;
    require(http::normalize_target(again, room_again).empty());
    require(again == normal);
    const std::string_view path = std::string_view(normal).substr(0, normal.find('?'));
    require(decoded(path) == decoded(sent.substr(0, sent.find('?'))));
    require(path.find("//") == std::string_view::npos);
    const std::string walked = decoded(path) + "/";
    require(walked.find("/../") == std::string::npos && walked.find("/./") == std::string::npos);
    require(walked.find('\\') == std::string::npos || sent.find('\\') != std::string::npos);
    require(normal.substr(path.size()) == sent.substr(std::min(sent.find('?'), sent.size())));
    const std::string_view compared = http::compared_path(path, compared_room);
    require(compared.size() <= path.size() && compared.find(';') == std::string_view::npos);
    return 0;
}
