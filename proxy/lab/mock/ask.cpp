#include "lab/mock/ask.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <limits>
#include <optional>

namespace weir::mock {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kMaxOutput = 1'000'000;

std::uint32_t words_in(std::string_view text) {
    std::uint32_t words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!space && !inside) ++words;
        inside = !space;
    }
    return words;
}

// Words of a content: a string, or parts that have a text or a content of their own (tool results). The parser's limit
// on depth bounds the recursion.
std::uint32_t words_in(const json::value* content) {
    if (content == nullptr) return 0;
    if (const json::string* text = content->if_string()) return words_in(std::string_view(text->data(), text->size()));
    std::uint32_t words = 0;
    if (const json::array* parts = content->if_array()) {
        for (const json::value& part : *parts) words += words_in(&part);
    } else if (const json::object* part = content->if_object()) {
        words = words_in(part->if_contains("text")) + words_in(part->if_contains("content"));
    }
    return words;
}

// A field that is missing and one that is null are the same, as for the servers this stands in for.
const json::value* find(const json::object& body, std::string_view key) {
    const json::value* value = body.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::int64_t> as_integer(const json::value& value) {
    if (const std::int64_t* number = value.if_int64()) return *number;
    return std::nullopt;
}

AskFault missing(std::string_view field) {
    return {std::string(field) + " is required", std::string(field), "missing_required_parameter"};
}

AskFault mistyped(std::string_view field, std::string_view wanted) {
    return {std::string(field) + " must be " + std::string(wanted), std::string(field), "invalid_type"};
}

// Reads one body; the first fault found is the answer.
class AskReader {
public:
    AskReader(AskKind kind, const json::object& body) : body_(body) { ask_.kind = kind; }

    boost::system::result<Ask, AskFault> read() {
        read_model();
        switch (ask_.kind) {
            case AskKind::completion: read_prompt("prompt"); break;
            case AskKind::response: read_input(); break;
            case AskKind::embedding: read_texts(); break;
            default: read_messages(); break;
        }
        if (ask_.kind == AskKind::embedding || ask_.kind == AskKind::count) {
            ask_.output_tokens = 1;
        } else {
            read_output();
        }
        read_form();
        if (ask_.kind != AskKind::message && ask_.kind != AskKind::count) read_tier();
        if (fault_) return std::move(*fault_);
        return std::move(ask_);
    }

private:
    void fail(AskFault fault) {
        if (!fault_) fault_ = std::move(fault);
    }

    void read_model() {
        const json::value* model = find(body_, "model");
        if (model == nullptr) return fail(missing("model"));
        const json::string* name = model->if_string();
        if (name == nullptr) return fail(mistyped("model", "a string"));
        ask_.model.assign(name->data(), name->size());
    }

    void read_messages() {
        const json::value* messages = find(body_, "messages");
        if (messages == nullptr) return fail(missing("messages"));
        const json::array* list = messages->if_array();
        if (list == nullptr || list->empty()) return fail(mistyped("messages", "a list with at least one message"));
        for (const json::value& entry : *list) {
            const json::object* message = entry.if_object();
            if (message == nullptr || find(*message, "role") == nullptr) {
                return fail(mistyped("messages", "a list of objects with a role"));
            }
            ask_.prompt_tokens += words_in(find(*message, "content"));
        }
        ask_.prompt_tokens += words_in(find(body_, "system"));
    }

    // A string, or messages and results of tools.
    void read_input() {
        const json::value* input = find(body_, "input");
        if (input == nullptr) return fail(missing("input"));
        if (!input->is_string() && !input->is_array()) return fail(mistyped("input", "a string or a list of items"));
        ask_.prompt_tokens = words_in(input) + words_in(find(body_, "instructions"));
    }

    // What is to be embedded: one text or several, as strings or as lists of token ids.
    void read_texts() {
        const json::value* input = find(body_, "input");
        if (input == nullptr) return fail(missing("input"));
        const json::array* list = input->if_array();
        const bool several = list != nullptr && !list->empty() && !list->front().is_number();
        if (!several) return read_prompt("input");
        ask_.inputs = static_cast<std::uint32_t>(list->size());
        for (const json::value& text : *list) {
            const json::array* ids = text.if_array();
            ask_.prompt_tokens += ids != nullptr ? static_cast<std::uint32_t>(ids->size()) : words_in(&text);
        }
    }

    void read_prompt(std::string_view field) {
        const json::value* prompt = find(body_, field);
        if (prompt == nullptr) return fail(missing(field));
        const json::array* list = prompt->if_array();
        if (list != nullptr && list->size() == 1 && !list->front().is_number()) prompt = &list->front();
        if (prompt->is_string()) {
            ask_.prompt_tokens = words_in(prompt);
            return;
        }
        const json::array* ids = prompt->if_array();
        const auto is_number = [](const json::value& id) { return id.is_number(); };
        if (ids == nullptr || !std::all_of(ids->begin(), ids->end(), is_number)) {
            return fail(mistyped(field, "one prompt: a string or a list of token ids"));
        }
        ask_.prompt_tokens = static_cast<std::uint32_t>(ids->size());
    }

    void read_output() {
        std::string_view field = "max_tokens";
        if (ask_.kind == AskKind::response) field = "max_output_tokens";
        const json::value* given = find(body_, field);
        if (ask_.kind == AskKind::chat && find(body_, "max_completion_tokens") != nullptr) {
            field = "max_completion_tokens";
            given = find(body_, field);
        }
        if (given == nullptr) {
            if (ask_.kind == AskKind::message) fail(missing(field));
            return;
        }
        const auto tokens = as_integer(*given);
        if (!tokens || *tokens < 1 || *tokens > kMaxOutput)
            return fail(mistyped(field, "an integer from 1 to 1000000"));
        ask_.output_tokens = static_cast<std::uint32_t>(*tokens);
    }

    void read_form() {
        ask_.stream = read_flag(body_, "stream");
        if (const json::value* options = find(body_, "stream_options")) {
            const json::object* object = options->if_object();
            if (object == nullptr) return fail(mistyped("stream_options", "an object"));
            ask_.include_usage = read_flag(*object, "include_usage");
        }
        if (const json::value* given = find(body_, "priority")) {
            const auto priority = as_integer(*given);
            using Limits = std::numeric_limits<int>;
            if (!priority || *priority < Limits::min() || *priority > Limits::max()) {
                return fail(mistyped("priority", "an integer"));
            }
            ask_.priority = static_cast<int>(*priority);
        }
        if (const json::value* choices = find(body_, "n"); choices != nullptr && as_integer(*choices) != 1) {
            fail({"n must be 1 here", "n", "unsupported_value"});
        }
    }

    // Any name will do; `auto` leaves the choice to the server.
    void read_tier() {
        const json::value* tier = find(body_, "service_tier");
        if (tier == nullptr) return;
        const json::string* name = tier->if_string();
        if (name == nullptr) return fail(mistyped("service_tier", "a string"));
        ask_.service_tier = *name == "auto" ? "default" : std::string(name->data(), name->size());
    }

    bool read_flag(const json::object& object, std::string_view field) {
        const json::value* value = find(object, field);
        if (value == nullptr) return false;
        if (const bool* flag = value->if_bool()) return *flag;
        fail(mistyped(field, "true or false"));
        return false;
    }

    const json::object& body_;
    Ask ask_;
    std::optional<AskFault> fault_;
};

}  // namespace

boost::system::result<Ask, AskFault> read_ask(AskKind kind, std::string_view body) {
    boost::system::error_code error;
    json::monotonic_resource memory;
    const json::value document = json::parse(json::string_view(body.data(), body.size()), error, &memory);
    if (error) return AskFault{"the body is not valid JSON: " + error.message(), {}};
    const json::object* object = document.if_object();
    if (object == nullptr) return AskFault{"the body must be a JSON object", {}};
    return AskReader(kind, *object).read();
}

}  // namespace weir::mock
