#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace focusllm::eval {

// ROUGE-L of an answer beside the best of the expected texts: the F1 of the longest common subsequences of
// sentences. The two packages that the benchmarks use define it differently. Throw Error for texts too long
// to be compared (2^26 pairs of words).

/// As LongBench measures it (package rouge): sentences between full stops, words counted once.
double rouge_l(std::string_view answer, const std::vector<std::string>& expected);
/// The same with characters for words: for Chinese, where LongBench cuts words with jieba.
double rouge_l_characters(std::string_view answer, const std::vector<std::string>& expected);
/// As InfiniteBench measures it (rougeLsum of package rouge_score): sentences are lines, words are runs of
/// ASCII letters and digits in lower case.
double rouge_l_sum(std::string_view answer, const std::vector<std::string>& expected);

}  // namespace focusllm::eval
