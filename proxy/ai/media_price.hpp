#pragma once
// The LLM tokens of a picture, a sound or a file within a prompt, by the formulas that the large engines publish. The
// formula depends on the model's name, which may come after the pictures: so a body's total is kept for each family at
// once, and one is chosen at the end.
//
//   family          a picture of w x h                                                   source
//   openai_tiles    85 + 170 a tile of 512 after fitting 2048 and a short side of 768    OpenAI, "Images and vision"
//   openai_mini     2833 + 5667 a tile, same fit (gpt-4o-mini)                           the same
//   openai_patches  patches of 32, at most 1536, x 1.62 to 2.46 (4.1-mini, o4-mini ...)  the same
//   anthropic       w h / 750 after fitting 1568, at most 1600                           Anthropic, "Vision"
//   gemini          258 where both sides are at most 384, else 258 a tile of 768         Google, "Understand tokens"
//   qwen            patches of 28, 4 to 16384                                            Qwen2-VL's processor
//   other           patches of 28, at most 4096                                          a bound for most open models
//
// A second of sound: 10 tokens (OpenAI), 32 (Gemini), 25 (Qwen2-Audio), else 32. A page of a file: 3000 (Anthropic's
// upper figure), 258 (Gemini), 1500 (OpenAI, a page's text and picture), else 1000. A second of video: 263 (Gemini),
// else 600. A picture whose size is not to be seen, behind a link or in a form that is not known, has its family's
// usual most. These are bounds for admission, not bills: what the engine says of usage settles.

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::ai {

enum class MediaFamily : std::uint8_t {
    openai_tiles,
    openai_mini,
    openai_patches,
    anthropic,
    gemini,
    qwen,
    other,
};
inline constexpr std::size_t kMediaFamilies = 7;

// By the beginning of the model's name, with or without a vendor before it (`openai/gpt-4o`).
[[nodiscard]] MediaFamily media_family(std::string_view model);

struct PictureSize {
    std::uint32_t width = 0;  // 0: unknown
    std::uint32_t height = 0;
};

[[nodiscard]] std::uint32_t picture_tokens(MediaFamily family, PictureSize size);

// The media of one body.
struct MediaTotals {
    std::uint64_t bytes = 0;  // of the body's text: encoded media rather than text
    std::uint32_t parts = 0;
    std::array<std::uint32_t, kMediaFamilies> tokens{};

    void add_picture(PictureSize size);
    void add_sound(double seconds);
    void add_file(double pages);
    void add_video(double seconds);
    [[nodiscard]] std::uint32_t of(MediaFamily family) const { return tokens[static_cast<std::size_t>(family)]; }
};

}  // namespace weir::ai
