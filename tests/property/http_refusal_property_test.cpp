#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/parse.hpp>

#include "ai/refusal.hpp"
#include "base/json_text.hpp"

namespace weir {
namespace {

std::string bytes_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

RC_GTEST_PROP(JsonTextProperty, AnyBytesBecomeOneLineOfJson, (const std::vector<std::uint8_t>& bytes)) {
    const std::string out = json_string(bytes_of(bytes));
    boost::json::error_code error;
    RC_ASSERT(boost::json::parse(out, error).is_string());
    RC_ASSERT(!error);
    for (const char c : out) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

RC_GTEST_PROP(JsonTextProperty, AsciiIsReadBackAsItWas, (std::vector<std::uint8_t> bytes)) {
    for (std::uint8_t& byte : bytes) byte &= 0x7F;
    RC_ASSERT(boost::json::parse(json_string(bytes_of(bytes))).as_string() == bytes_of(bytes));
}

RC_GTEST_PROP(RefusalProperty, AnyWordsBecomeJsonInAnyDialect,
              (const std::vector<std::uint8_t>& detail, const std::vector<std::uint8_t>& request_id)) {
    const auto dialect = *rc::gen::element(Dialect::generic, Dialect::openai, Dialect::anthropic);
    const ReasonInfo row = kReasons[*rc::gen::inRange<std::size_t>(0, kReasonCount)];
    const auto text = ai::word_refusal(dialect, row.reason, 400, bytes_of(detail), bytes_of(request_id));
    boost::json::error_code error;
    RC_ASSERT(boost::json::parse(text.body, error).is_object());
}

}  // namespace
}  // namespace weir
