#pragma once

#include <array>

#include "focusllm/methods.h"

namespace focusllm::context {

inline constexpr Setting kLocal{"local",          "--local",      Setting::Kind::tokens,
                                &Settings::local, "Local window", "/sizes/local"};
inline constexpr Setting kInitial{"initial",
                                  "--initial",
                                  Setting::Kind::tokens,
                                  &Settings::initial,
                                  "First tokens that are always seen; 0: none",
                                  "/sizes/initial",
                                  kNone};
inline constexpr Setting kBlock{
    "block", "--block", Setting::Kind::tokens, &Settings::block, "Tokens in a memory block", "/sizes/block"};
inline constexpr Setting kTopK{"top_k",
                               "--top-k-blocks",
                               Setting::Kind::count,
                               &Settings::top_k,
                               "Memory blocks that a token sees in reading",
                               "/sizes/top_k"};
inline constexpr Setting kAnswerTopK{"answer_top_k",
                                     "--answer-blocks",
                                     Setting::Kind::count,
                                     &Settings::answer_top_k,
                                     "Memory blocks that each token of the answer chooses",
                                     "/sizes/answer_top_k"};
inline constexpr Setting kRepresentatives{"representatives",
                                          "--representatives",
                                          Setting::Kind::count,
                                          &Settings::representatives,
                                          "Keys of a memory block that its representative is the mean of",
                                          "/sizes/representatives"};
inline constexpr Setting kParity{"parity",
                                 "--parity",
                                 Setting::Kind::on,
                                 &Settings::parity,
                                 "Count keys as the official code does, some of them twice in reading",
                                 "/sizes/parity"};
inline constexpr Setting kSharpen{
    "sharpen",
    "--sharpen",
    Setting::Kind::tokens,
    &Settings::sharpen,
    "Sharpen attention as for a text of N tokens, by YaRN's temperature; 0: not",
    "/sizes/sharpen",
    0};
inline constexpr Setting kChunk{"chunk",
                                "--chunk",
                                Setting::Kind::tokens,
                                &Settings::chunk,
                                "Tokens in a chunk; for dca the largest distance of two tokens",
                                "/sizes/chunk"};
inline constexpr Setting kOverlap{"overlap",
                                  "--overlap",
                                  Setting::Kind::tokens,
                                  &Settings::overlap,
                                  "A chunk begins with so many tokens of the one before, so that no short "
                                  "fact is cut in two; 0: none, as in the paper",
                                  "/sizes/overlap",
                                  kNone};
inline constexpr Setting kTail{"tail",
                               "--tail",
                               Setting::Kind::tokens,
                               &Settings::tail,
                               "Tokens of the local window behind each chunk, at most",
                               "/sizes/tail"};
inline constexpr Setting kRefresh{"refresh",
                                  "--refresh",
                                  Setting::Kind::tokens,
                                  &Settings::refresh,
                                  "Tokens of an answer between renewals of candidates",
                                  "/sizes/refresh"};
inline constexpr Setting kRenew{"renew",
                                "--renew",
                                Setting::Kind::count,
                                &Settings::renew,
                                "Chunks renewed for each token: those the answer looked at hardest",
                                "/sizes/renew"};
inline constexpr Setting kExact{"exact",
                                "--exact",
                                Setting::Kind::on,
                                &Settings::exact,
                                "Compute the local window anew for each token",
                                "/sizes/exact"};
inline constexpr Setting kReread{"reread",
                                 "--reread",
                                 Setting::Kind::count,
                                 &Settings::reread,
                                 "Passages looked at hardest that stand in front of a question as text, from "
                                 "which the plain model answers; 0: none, the candidates answer",
                                 "/reread/passages",
                                 kNone};
inline constexpr Setting kHeads{"heads",
                                "--heads",
                                Setting::Kind::words,
                                &Settings::heads,
                                "Query heads that choose, layer.head of each",
                                "/recall/heads"};
inline constexpr Setting kRecalled{"recalled",
                                   "--recalled",
                                   Setting::Kind::tokens,
                                   &Settings::recalled,
                                   "Tokens of the text that stand in front of a question, at most",
                                   "/recall/recalled"};
inline constexpr Setting kThreshold{
    "threshold",
    "--threshold",
    Setting::Kind::share,
    &Settings::threshold,
    "From the third place on, those with less than this share of the best one's score stay out",
    "/recall/threshold"};
inline constexpr Setting kSupport{
    "support",
    "--support",
    Setting::Kind::share,
    &Settings::support,
    "Of a question's surprise what the shown places have to explain, else the text is said not to answer it",
    "/recall/support"};
inline constexpr Setting kBefore{"span_before",
                                 "--span-before",
                                 Setting::Kind::tokens,
                                 &Settings::span_before,
                                 "Tokens in front of a place that are shown with it, at most: from where its "
                                 "sentence begins; 0: none",
                                 "/recall/span_before",
                                 kNone};
inline constexpr Setting kBehind{"span_behind",
                                 "--span-behind",
                                 Setting::Kind::tokens,
                                 &Settings::span_behind,
                                 "Tokens behind a place that are shown with it, at most: to the end of its "
                                 "sentence; 0: none",
                                 "/recall/span_behind",
                                 kNone};
inline constexpr Setting kDistance{"distance",
                                   "--distance",
                                   Setting::Kind::tokens,
                                   &Settings::distance,
                                   "Tokens that all of the text seems to be away from a question",
                                   "/recall/distance"};
inline constexpr Setting kSteps{"steps",
                                "--steps",
                                Setting::Kind::count,
                                &Settings::steps,
                                "Times that the sentence that was found is asked for in turn, for facts in "
                                "several steps; 0: none",
                                "/recall/steps",
                                kNone};
inline constexpr Setting kEnding{"ending",
                                 "--ending",
                                 Setting::Kind::tokens,
                                 &Settings::ending,
                                 "Last tokens of the text that are always shown; 0: none",
                                 "/recall/ending",
                                 kNone};
inline constexpr Setting kBeyondTrained{
    "beyond_trained",
    "--beyond-trained",
    Setting::Kind::on,
    &Settings::beyond_trained,
    "Go past the length that the model was trained for (answers get worse there)",
    "/sizes/beyond_trained"};
inline constexpr Setting kBlockCache{
    "block_cache",
    "--block-cache",
    Setting::Kind::count,
    &Settings::block_cache,
    "Memory blocks of each layer that stay in memory, the others in a file; without it all of them do",
    "/cache/blocks"};
inline constexpr Setting kCacheDir{"cache_dir", "--cache-dir", Setting::Kind::folder, &Settings::cache_dir,
                                   "Folder of that file"};
inline constexpr Setting kCachePolicy{
    "cache_policy",
    "--cache-policy",
    Setting::Kind::choice,
    &Settings::evict_by_score,
    "Which block makes room: the one chosen longest ago (lru) or the one with least attention (lru-s)",
    "/cache/policy",
    {},
    {"lru", "lru-s"}};
inline constexpr Setting kScoreDecay{"score_decay",
                                     "--score-decay",
                                     Setting::Kind::share,
                                     &Settings::score_decay,
                                     "What is left of that attention at the next choice (lru-s)",
                                     "/cache/decay"};

/// All of them, as settings() gives them.
inline constexpr std::array kSettings{
    &kLocal,     &kInitial,    &kBlock,    &kTopK,          &kAnswerTopK, &kRepresentatives,
    &kParity,    &kSharpen,    &kChunk,    &kOverlap,       &kTail,       &kRefresh,
    &kRenew,     &kExact,      &kReread,   &kBeyondTrained, &kHeads,      &kRecalled,
    &kThreshold, &kSupport,    &kBefore,   &kBehind,        &kDistance,   &kSteps,
    &kEnding,    &kBlockCache, &kCacheDir, &kCachePolicy,   &kScoreDecay};

}  // namespace focusllm::context
