// The model that a form names, under the name that the backend has for it.

#include <algorithm>
#include <string>

#include "downstream/exchange/prompt.hpp"

namespace weir::downstream {

using ai::Member;

// Where readers differ about the form, so may its engine about the model.
void Prompt::find_model_in_form() {
    const ai::MemberSpan& span = facts_.at(Member::model);
    if (!facts_.fault.empty() || span.value == 0) return;
    form_model_ = {span.value, facts_.text(Member::model), facts_.text(Member::model)};
}

void Prompt::name_model_in_form(const upstream::BackendConfig& config, Upload& upload) {
    if (!form_model_) return;
    FormModel& model = *form_model_;
    const auto named = std::find_if(config.models.begin(), config.models.end(),
                                    [&](const auto& name) { return name.first == model.asked; });
    const std::string& own = named != config.models.end() ? named->second : model.asked;
    model_for_client_ = named != config.models.end() ? model.asked : std::string();
    if (own == model.written) return;
    upload.body().splice(model.at, model.at + model.written.size(), own);
    upload.count();
    model.written = own;
}

}  // namespace weir::downstream
