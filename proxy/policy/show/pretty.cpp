#include "policy/show/pretty.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace weir::policy {
namespace {

bool is_single(const boost::json::value& value) { return !value.is_object() && !value.is_array(); }

void write(const boost::json::value& value, std::size_t depth, std::string& out) {
    const std::string inner(2 * (depth + 1), ' ');
    const std::string outer(2 * depth, ' ');
    std::string_view separator = "\n";
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        out += "{";
        for (const auto& [key, member] : *object) {
            out.append(separator).append(inner).append(boost::json::serialize(key)).append(": ");
            write(member, depth + 1, out);
            separator = ",\n";
        }
        out.append("\n").append(outer).append("}");
    } else if (const auto* array = value.if_array();
               array != nullptr && !std::all_of(array->begin(), array->end(), is_single)) {
        out += "[";
        for (const auto& item : *array) {
            out.append(separator).append(inner);
            write(item, depth + 1, out);
            separator = ",\n";
        }
        out.append("\n").append(outer).append("]");
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string pretty(const boost::json::value& value) {
    std::string out;
    write(value, 0, out);
    out.push_back('\n');
    return out;
}

}  // namespace weir::policy
