#include "ai/media_price.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/ascii.hpp"

namespace weir::ai {
namespace {

constexpr double kMaxTokens = 1e9;

// The figures of each family, in the order of the enum.
struct FamilyRow {
    std::uint32_t unknown_picture;  // one whose size is unknown
    double sound;                   // per second
    double page;
    double video;  // per second
};
constexpr std::array<FamilyRow, kMediaFamilies> kRows{{
    {1445, 10, 1500, 600},
    {48'169, 10, 1500, 600},
    {3779, 10, 1500, 600},
    {1600, 32, 3000, 600},
    {1548, 32, 258, 263},
    {1600, 25, 1000, 600},
    {1600, 32, 1000, 600},
}};

struct ModelRow {
    std::string_view prefix;
    MediaFamily family;
};
// The first matching prefix counts.
constexpr auto kModels = std::to_array<ModelRow>({
    {"gpt-4o-mini", MediaFamily::openai_mini},
    {"gpt-4.1-mini", MediaFamily::openai_patches},
    {"gpt-4.1-nano", MediaFamily::openai_patches},
    {"gpt-5-mini", MediaFamily::openai_patches},
    {"gpt-5-nano", MediaFamily::openai_patches},
    {"o4-mini", MediaFamily::openai_patches},
    {"gpt-", MediaFamily::openai_tiles},
    {"chatgpt-", MediaFamily::openai_tiles},
    {"o1", MediaFamily::openai_tiles},
    {"o3", MediaFamily::openai_tiles},
    {"claude", MediaFamily::anthropic},
    {"gemini", MediaFamily::gemini},
    {"gemma", MediaFamily::gemini},
    {"qwen", MediaFamily::qwen},
    {"qvq", MediaFamily::qwen},
});

double patches(double width, double height, double side) { return std::ceil(width / side) * std::ceil(height / side); }

// The factor that scales a picture down so that its longer side is at most `max`.
double fitted(double longer, double max) { return std::min(1.0, max / longer); }

double openai_tiles(PictureSize size) {
    const double scale = fitted(std::max(size.width, size.height), 2048);
    double width = size.width * scale;
    double height = size.height * scale;
    const double shorter = std::min(1.0, 768 / std::min(width, height));
    width *= shorter;
    height *= shorter;
    return patches(width, height, 512);
}

double anthropic(PictureSize size) {
    const double scale = fitted(std::max(size.width, size.height), 1568);
    return std::min(1600.0, std::ceil(size.width * scale * size.height * scale / 750));
}

double gemini(PictureSize size) {
    if (size.width <= 384 && size.height <= 384) return 258;
    return std::min(1548.0, 258 * patches(size.width, size.height, 768));
}

std::uint32_t bounded(double tokens) { return static_cast<std::uint32_t>(std::min(std::ceil(tokens), kMaxTokens)); }

void add_to(std::uint32_t& sum, double tokens) { sum = bounded(sum + tokens); }

}  // namespace

MediaFamily media_family(std::string_view model) {
    const std::size_t vendor = model.find_last_of('/');
    if (vendor != std::string_view::npos) model.remove_prefix(vendor + 1);
    for (const ModelRow& row : kModels) {
        if (begins_ignoring_case(model, row.prefix)) return row.family;
    }
    return MediaFamily::other;
}

std::uint32_t picture_tokens(MediaFamily family, PictureSize size) {
    const auto at = static_cast<std::size_t>(family);
    if (size.width == 0 || size.height == 0) return kRows[at].unknown_picture;
    switch (family) {
        case MediaFamily::openai_tiles: return bounded(85 + 170 * openai_tiles(size));
        case MediaFamily::openai_mini: return bounded(2833 + 5667 * openai_tiles(size));
        case MediaFamily::openai_patches: return bounded(std::min(1536.0, patches(size.width, size.height, 32)) * 2.46);
        case MediaFamily::anthropic: return bounded(anthropic(size));
        case MediaFamily::gemini: return bounded(gemini(size));
        case MediaFamily::qwen: return bounded(std::clamp(patches(size.width, size.height, 28), 4.0, 16'384.0));
        case MediaFamily::other: break;
    }
    return bounded(std::clamp(patches(size.width, size.height, 28), 4.0, 4096.0));
}

void MediaTotals::add_picture(PictureSize size) {
    ++parts;
    for (std::size_t i = 0; i < kMediaFamilies; ++i)
        add_to(tokens[i], picture_tokens(static_cast<MediaFamily>(i), size));
}

void MediaTotals::add_sound(double seconds) {
    ++parts;
    for (std::size_t i = 0; i < kMediaFamilies; ++i) add_to(tokens[i], seconds * kRows[i].sound);
}

void MediaTotals::add_file(double pages) {
    ++parts;
    for (std::size_t i = 0; i < kMediaFamilies; ++i) add_to(tokens[i], pages * kRows[i].page);
}

void MediaTotals::add_video(double seconds) {
    ++parts;
    for (std::size_t i = 0; i < kMediaFamilies; ++i) add_to(tokens[i], seconds * kRows[i].video);
}

}  // namespace weir::ai
