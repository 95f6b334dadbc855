// Forms of what a backend's requests carry: credentials, hosts, members of a query.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/hex.hpp"
#include "policy/forms/forms.hpp"
#include "policy/forms/words.hpp"

namespace weir::policy {
namespace {

using namespace std::string_view_literals;
using upstream::ClientCredentials;

constexpr std::array kClientCredentialWords{"pass"sv, "none"sv};
constexpr std::array kNoCredentialsWords{"none"sv};

// As it may be in a field's value (RFC 9110 section 5.5): visible ASCII, and spaces or tabs only within.
bool is_field_value(std::string_view text) {
    const auto visible = [](char c) { return c > ' ' && c < 0x7F; };
    return !text.empty() && visible(text.front()) && visible(text.back()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return visible(c) || c == ' ' || c == '\t'; });
}

// Characters that stand for themselves in a query's member (RFC 3986 section 3.4), and escapes.
bool is_query_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return false;
            i += 2;
        } else if (!is_letter_or_digit(text[i]) && "-._~!$'()*+,;:@/?"sv.find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return !text.empty();
}

bool is_authority(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || ".-_:[]"sv.find(c) != std::string_view::npos;
    });
}

std::string print_text(const Form&, const std::string& value) { return value; }

}  // namespace

constinit const Scalar<std::string> kFieldValue{
    {"the value of a header", ""},
    [](const Form&, std::string_view text) -> Reading<std::string> {
        if (is_field_value(text)) return std::string(text);
        return Fault{"bad-header", "must be visible ASCII characters, with spaces only between them"};
    },
    print_text};
constinit const Scalar<std::string> kQueryText{
    {"a part of a query such as 2026-01-01", ""},
    [](const Form&, std::string_view text) -> Reading<std::string> {
        if (is_query_text(text)) return std::string(text);
        return Fault{"bad-query", "must be a name or a value of a query, percent-encoded where it needs to be"};
    },
    print_text};
constinit const Scalar<std::string> kAuthority{{"a host such as model.internal or model.internal:8000", ""},
                                               [](const Form& form, std::string_view text) -> Reading<std::string> {
                                                   if (is_authority(text)) return std::string(text);
                                                   return Fault{"bad-host", fmt::format("must be {}", form.what)};
                                               },
                                               print_text};
constinit const Scalar<ClientCredentials> kClientCredentials{
    {.what = "pass, none, or a map", .pattern = "", .words = kClientCredentialWords},
    [](const Form& form, std::string_view text) -> Reading<ClientCredentials> {
        if (text == "pass") return ClientCredentials::pass;
        if (text == "none") return ClientCredentials::none;
        return unknown_word(form, text);
    },
    [](const Form&, const ClientCredentials& value) -> std::string {
        switch (value) {
            case ClientCredentials::unsaid: return {};
            case ClientCredentials::pass: return "pass";
            case ClientCredentials::none: return "none";
        }
        return {};
    }};

constinit const Scalar<bool> kNoCredentials{
    {.what = "none, or a map", .pattern = "", .words = kNoCredentialsWords},
    [](const Form& form, std::string_view text) -> Reading<bool> {
        if (text == "none") return true;
        return unknown_word(form, text);
    },
    [](const Form&, const bool& none) -> std::string { return none ? "none" : ""; }};

}  // namespace weir::policy
