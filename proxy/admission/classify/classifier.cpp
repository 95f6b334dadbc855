#include "admission/classify/classifier.hpp"

#include "admission/classify/identity.hpp"
#include "admission/classify/matcher.hpp"

namespace weir::admission {

struct Classifier::State {
    State(const ClientsConfig& clients, std::span<const JudgeClass> wanted, std::uint64_t salt)
        : identifier(clients, salt) {
        classes.reserve(wanted.size());
        for (const JudgeClass& cls : wanted) {
            classes.push_back({cls.id, cls.config.priority, Matcher(cls.config.match, identifier.clients())});
        }
    }

    struct Entry {
        ClassId id;
        Priority priority;
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

bool Classifier::trusts(const IpAddress& address) const { return state_->identifier.is_trusted(address); }

Identity Classifier::identify(const Credentials& credentials) const { return state_->identifier.identify(credentials); }

Identity Classifier::assume(const IpAddress& source, std::string_view key_name) const {
    return state_->identifier.assume(source, key_name);
}

ClassId Classifier::classify(const Identity& identity, const HeadFacts& head, OpenClasses& open) const {
    std::uint32_t at = 0;
    for (const State::Entry& entry : state_->classes) {
        const HeadFit fit = entry.matcher.fit_head(identity, head);
        if (fit == HeadFit::all) {
            open.otherwise_ = entry.id;
            break;
        }
        if (fit != HeadFit::no) open.entries_.push_back({at, fit == HeadFit::unless_body});
        ++at;
    }
    return open.empty() ? open.otherwise_ : resolve(open, {});
}

ClassId Classifier::resolve(const OpenClasses& open, const BodyFacts& body) const {
    for (const OpenClasses::Entry& entry : open.entries_) {
        const State::Entry& candidate = state_->classes[entry.at];
        if (candidate.matcher.fits_body(body, entry.excludable)) return candidate.id;
    }
    return open.otherwise_;
}

ClassId Classifier::worst(const OpenClasses& open) const {
    const State::Entry* worst = nullptr;
    const auto consider = [&](const State::Entry& entry) {
        if (worst == nullptr || entry.priority > worst->priority) worst = &entry;
    };
    for (const OpenClasses::Entry& entry : open.entries_) consider(state_->classes[entry.at]);
    for (const State::Entry& entry : state_->classes) {
        if (entry.id == open.otherwise_) consider(entry);
    }
    return worst != nullptr ? worst->id : kNoClass;
}

ClassId Classifier::classify(const Identity& identity, const HeadFacts& head, const BodyFacts& body) const {
    OpenClasses open;
    const ClassId cls = classify(identity, head, open);
    return open.empty() ? cls : resolve(open, body);
}

}  // namespace weir::admission
