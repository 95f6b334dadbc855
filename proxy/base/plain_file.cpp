#include "base/plain_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace weir {

std::string why_not_plain_file(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return "does not exist";
        return "cannot be read: " + std::generic_category().message(errno);
    }
    if (S_ISDIR(status.st_mode)) return "is a folder";
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    return {};
}

}  // namespace weir
