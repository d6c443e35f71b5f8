#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace focusllm {

namespace memory {
class SegmentStore;
}
namespace context {
class TailStore;
}

/// What a method is told about how a text is kept. Sizes are in tokens; 0 = the method's own default for the
/// model (docs/methods.md).
struct Settings {
  std::string method = "full";  ///< one of methods(), or, for a session, auto
  std::int64_t local = 0;       ///< all but full: local window
  std::int64_t initial = 0;     ///< streaming, lm-infinite, infllm: first tokens that stay visible; -1: none
  std::int64_t block = 0;       ///< infllm: tokens in a memory block
  std::int64_t top_k = 0;       ///< infllm: memory blocks that a block of queries sees in reading
  std::int64_t answer_top_k = 0;     ///< infllm: the same for each token of the answer, where recall matters
  std::int64_t representatives = 0;  ///< infllm: keys averaged into a block's representative
  std::int64_t block_cache = 0;      ///< infllm: blocks of each layer in memory, the others in a file; 0: all
  std::string cache_dir;             ///< infllm: folder of that file; empty: TMPDIR, else /var/tmp
  bool evict_by_score = false;   ///< infllm: the block with the least attention makes room, not the oldest
  double score_decay = 0.9;      ///< infllm: what is left of that attention at the next choice
  bool parity = false;           ///< infllm: as the official code, which counts some keys twice in reading
  bool beyond_trained = false;   ///< full, focus: allowed past the trained context
  std::int64_t chunk = 0;        ///< focus: tokens in a chunk; dca: the largest distance between two tokens
  std::int64_t overlap = 0;      ///< focus: a chunk begins with so many tokens of the one before; -1: none
  std::int64_t tail = 0;         ///< focus: most tokens of the local window that stand behind each chunk
  std::int64_t refresh = 0;      ///< focus: tokens of an answer between two renewals of candidates
  std::int64_t renew = 0;        ///< focus: chunks renewed then, those looked at hardest
  std::int64_t reread = 0;       ///< focus: passages that are put in front of a question as text; -1: none
  bool exact = false;            ///< focus: the local window is computed anew with every renewal
  std::int64_t sharpen = 0;      ///< dca: logits are sharpened as for a text of so many tokens; 0: not
  std::string heads;             ///< recall: the query heads that choose, "layer.head,..."; empty: calibrated
  std::int64_t recalled = 0;     ///< recall: tokens of the text that stand in front of a question, at most
  double threshold = -1;         ///< recall: places with less than this share of the best score stay out
  double support = -1;           ///< recall: below this share of its surprise a question has no support
  std::int64_t span_before = 0;  ///< recall: tokens in front of a place that are shown with it; -1: none
  std::int64_t span_behind = 0;  ///< recall: tokens behind it; -1: none
  std::int64_t distance = 0;     ///< recall: tokens that all of the text seems to be away from a question
  std::int64_t steps = 0;        ///< recall: times that what was found leads on to another place; -1: none
  std::int64_t ending = 0;       ///< recall: last tokens of the text that are always shown; -1: none
  std::shared_ptr<memory::SegmentStore> chunk_store;  ///< focus: encoded chunks that sessions share, or null
  std::shared_ptr<context::TailStore> tail_store;  ///< focus: what sessions put behind equal chunks, or null
};

/// A field of Settings as it is offered to people: flags, help, what results are told apart by, and docs are
/// made from it. Which methods take it, and with which bounds, stands in MethodInfo.
struct Setting {
  enum class Kind {
    tokens,  ///< a length of text
    count,   ///< of blocks, chunks or keys
    share,   ///< from 0 to 1
    on,      ///< a switch
    choice,  ///< words[0], or words[1] where it is true
    folder,
    words,  ///< text
  };
  using Value =
      std::variant<std::int64_t Settings::*, double Settings::*, bool Settings::*, std::string Settings::*>;
  std::string_view field;  ///< its name for who uses the library, errors among them
  std::string_view flag;   ///< of the program
  Kind kind;
  Value value;
  std::string_view help;
  std::string_view result = {};           ///< its place in a result's identity, a JSON pointer; empty: none
  std::optional<std::int64_t> zero = {};  ///< what a given 0 becomes; where there is nothing, 0 is refused
  std::array<std::string_view, 2> words = {};
};

/// A size that was given as "none".
inline constexpr std::int64_t kNone = -1;

/// All settings, in the order of results.
std::span<const Setting* const> settings();

/// What a method is to those who choose one.
struct MethodTraits {
  std::string_view name;
  std::string_view sees;       ///< what a token attends to, as help and docs say it
  std::string_view keeps;      ///< what stays in memory
  std::string_view suits;      ///< which texts it is for
  std::string_view lead = {};  ///< what stands between a text and a question about it, in a chat
  bool plain = false;          ///< the model itself: everything is seen, at its true position
  bool linear = false;         ///< reading costs the same for each token, however long the text
  bool recalls = false;        ///< all of a text of any length can be seen again, at a cost linear in it
  bool needs_adapter = false;  ///< without the candidates' weights it answers at random
  bool sees_ahead = false;     ///< rows of a prompt know what comes behind them: only an answer predicts
  bool has_file = false;       ///< can keep a part of its memory in a file (Settings::block_cache)
  bool cites = false;          ///< names the places that an answer drew on
  bool judges = false;         ///< says whether the text answers a question (Answer::supported)
  bool calibrates = false;     ///< needs to know which of the model's heads find places (calibration.h)
  bool revises = false;        ///< a changed text is computed only where it changed (Session::revise)
  bool forks = false;          ///< a session goes on twice from what it read, where memory is not in a file
};

/// A setting as a method takes it.
struct SettingUse {
  const Setting* setting;
  std::string_view usual;  ///< the method's default, in words; empty for a switch
};

/// All that is known of a method (docs/methods.md).
struct MethodInfo : MethodTraits {
  std::vector<SettingUse> settings;

  /// Null for one that the method does not take.
  const SettingUse* find(const Setting& setting) const;
};

/// All methods.
const std::vector<MethodInfo>& methods();
/// Throws UsageError for a name that is no method's.
const MethodInfo& method_info(std::string_view name);
/// Names of the methods that take a setting.
std::vector<std::string_view> methods_with(const Setting& setting);
/// The names of all methods, `auto` first.
const std::vector<std::string>& method_names();
/// The method that is the model itself, for texts within its trained context.
std::string_view plain_method();
/// The method for texts of any length: with the weights that an adapter brings, or without those that are
/// missing.
std::string_view recalling_method(bool adapter);

}  // namespace focusllm
