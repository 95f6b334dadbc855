#pragma once
// What the requests to one backend carry in place of what the client sent: credentials, other fields, members of the
// query. Prepared once per policy; applied once the endpoint is known, to the head that fits every backend.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http {

class HeadEdits {
public:
    // Sets a field of every request, in place of any that the client sent under that name, or that was set before.
    void set_field(std::string_view name, std::string_view value);
    void remove_field(std::string_view name);
    // Sets a member of every query, in place of any that the client sent under that name. Both are written as they are:
    // REQUIRES: percent-encoded.
    void set_query(std::string_view name, std::string_view value);
    void remove_query(std::string_view name);

    [[nodiscard]] bool empty() const { return removed_.empty() && query_.empty(); }

    // The whole head. `before_host` is `METHOD target HTTP/1.1 CRLF Host: ` and `after_host` is `CRLF fields CRLF`, as
    // write_request_before_host(), write_request_after_host() and end_request_head() write them. `prefix`, the path of
    // the endpoint's URL, comes before the target's path: "/llm/large". One that ends in a version ("/api/v1"), or
    // names a deployment of Azure OpenAI ("/openai/deployments/x"), takes the place of the target's version: such an
    // address is what SDKs are given as their base URL.
    [[nodiscard]] std::string apply(std::string_view before_host, std::string_view host, std::string_view after_host,
                                    std::string_view prefix) const;
    // A target in origin form with `prefix` before its path and the members of the query; others stay as they are.
    [[nodiscard]] std::string target(std::string_view prefix, std::string_view target) const;
    // The lines of the fields that are set.
    [[nodiscard]] std::string_view fields() const { return fields_; }

private:
    [[nodiscard]] bool removes(std::string_view name) const;
    [[nodiscard]] bool sets_query(std::string_view member) const;
    // Forgets what was set under that name.
    void drop_line(std::string_view name);
    void append_target(std::string_view prefix, std::string_view target, std::string& out) const;

    std::vector<std::string> removed_;                        // field names, including those that are set
    std::string fields_;                                      // lines, each with its CRLF
    std::vector<std::pair<std::string, std::string>> query_;  // name, and `name=value`; empty: it is removed
};

}  // namespace weir::http
