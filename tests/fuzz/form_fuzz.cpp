// The reader of forms: the same however its bytes are split, and all it reports of a field is in the form.

#include "ai/form_scanner.hpp"

#include <string>

#include "fuzz/input.hpp"

using namespace weir;
using test::require;

namespace {

ai::RequestFacts read(std::string_view body, std::size_t step) {
    ai::FormScanner scanner(ai::Api::videos, "multipart/form-data; boundary=b");
    for (; !body.empty(); body.remove_prefix(std::min(step, body.size()))) scanner.push(body.substr(0, step));
    return scanner.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const ai::RequestFacts whole = read(input.bytes, input.bytes.size() + 1);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2} + input.choice % 13}) {
        const ai::RequestFacts pieces = read(input.bytes, step);
        require(pieces.fault.empty() == whole.fault.empty());
        if (!whole.fault.empty()) continue;
        for (std::size_t i = 0; i < ai::kMemberCount; ++i) {
            const auto member = static_cast<ai::Member>(i);
            require(pieces.written(member) == whole.written(member));
        }
    }
    if (!whole.fault.empty()) return 0;
    for (const ai::Member member : {ai::Member::model, ai::Member::seconds, ai::Member::size}) {
        if (!whole.at(member).there()) continue;
        const std::string text = whole.text(member);
        // Text that is not UTF-8 is reported with its replacement characters.
        if (text.find("\xEF\xBF\xBD") == std::string::npos) {
            require(input.bytes.find("\r\n\r\n" + text + "\r\n--b") != std::string_view::npos);
        }
    }
    return 0;
}
