// The policy's reader: whatever is in the file, it ends with a policy or with diagnostics at places that exist.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "fuzz/input.hpp"
#include "policy/load.hpp"

using namespace weir;
using test::require;

namespace {

// A file without a place on any disk; reused, because opening one is most of the cost.
class MemoryFile {
public:
    void write(const std::uint8_t* data, std::size_t size) {
        require(::ftruncate(fd_, 0) == 0);
        require(::pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size));
    }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
    int fd_ = ::memfd_create("policy", MFD_CLOEXEC);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static MemoryFile file;
    file.write(data, size);
    const policy::LoadedPolicy loaded = policy::load_policy(file.path(), {.file_descriptors = 65'536});
    require(loaded.policy.has_value() == !policy::has_errors(loaded.diagnostics));
    // Rendering them must work for every place that they name.
    require(policy::to_text(loaded.diagnostics, loaded.sources).empty() == loaded.diagnostics.empty());
    require(policy::to_json_lines(loaded.diagnostics).empty() == loaded.diagnostics.empty());
    return 0;
}
