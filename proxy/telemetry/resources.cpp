#include "telemetry/resources.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace weir::telemetry {
namespace {

// The fields of /proc/self/stat after the name, which may itself contain spaces and parentheses (proc(5)).
constexpr int kThreadsField = 20;
constexpr int kResidentPagesField = 24;
constexpr int kFirstField = 3;

void read_stat(Resources& out) {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return;
    std::string_view rest = std::string_view(text).substr(name_end + 1);
    for (int field = kFirstField; !rest.empty(); ++field) {
        rest.remove_prefix(1);
        const std::string_view word = rest.substr(0, rest.find(' '));
        std::uint64_t value = 0;
        std::from_chars(word.data(), word.data() + word.size(), value);
        if (field == kThreadsField) out.threads = value;
        if (field == kResidentPagesField)
            out.resident_bytes = value * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        rest.remove_prefix(word.size());
    }
}

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Resources read_resources() {
    Resources out;
    read_stat(out);
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) out.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) out.max_fds = files.rlim_cur;
    std::error_code ignored;
    for (std::filesystem::directory_iterator fd("/proc/self/fd", ignored), end; !ignored && fd != end;
         fd.increment(ignored)) {
        ++out.open_fds;
    }
    if (out.open_fds > 0) --out.open_fds;  // the descriptor that reads the directory
    return out;
}

}  // namespace weir::telemetry
