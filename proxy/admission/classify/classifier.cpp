#include "admission/classify/classifier.hpp"

#include "admission/classify/identity.hpp"
#include "admission/classify/matcher.hpp"

namespace weir::admission {

struct Classifier::State {
    State(const ClientsConfig& clients, std::span<const JudgeClass> wanted, std::uint64_t salt)
        : identifier(clients, salt) {
        classes.reserve(wanted.size());
        for (const JudgeClass& cls : wanted) {
            classes.push_back({cls.id, Matcher(cls.config.match, identifier.api_keys())});
        }
    }

    struct Entry {
        ClassId id;
        Matcher matcher;
    };
    Identifier identifier;
    std::vector<Entry> classes;
};

Classifier::Classifier(const ClientsConfig& clients, std::span<const JudgeClass> classes, std::uint64_t salt)
    : state_(std::make_unique<State>(clients, classes, salt)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

Identity Classifier::identify(const Credentials& credentials) const { return state_->identifier.identify(credentials); }

Identity Classifier::assume(const IpAddress& source, std::string_view key_name) const {
    return state_->identifier.assume(source, key_name);
}

ClassId Classifier::classify(const Identity& identity, const RequestFacts& facts) const {
    for (const State::Entry& entry : state_->classes) {
        if (entry.matcher.matches(identity, facts)) return entry.id;
    }
    return kNoClass;
}

}  // namespace weir::admission
