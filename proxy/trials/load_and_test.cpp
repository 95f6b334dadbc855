#include "trials/load_and_test.hpp"

#include "trials/check_files.hpp"
#include "trials/policy_tests.hpp"

namespace weir::trials {

policy::LoadedPolicy load_and_test(const std::filesystem::path& file, const TestOptions& options) {
    policy::LoadedPolicy loaded =
        policy::load_policy(file, {.served = options.served, .secrets = options.files, .text = options.text});
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return loaded;
    if (options.files) {
        for (policy::Diagnostic& missing : check_files(loaded)) loaded.diagnostics.push_back(std::move(missing));
    }
    for (policy::Diagnostic& failure : run_policy_tests(*loaded.policy)) {
        loaded.diagnostics.push_back(std::move(failure));
    }
    policy::sort_by_place(loaded.diagnostics, loaded.file);
    return loaded;
}

}  // namespace weir::trials
