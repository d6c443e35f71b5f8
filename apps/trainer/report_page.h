#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "trainer/metrics.h"

namespace focusllm::cli {

/// A page that stands for itself (no scripts, nothing fetched): the curves of a run and what it was told.
/// Well-formed XHTML. `facts` are pairs of a name and a value.
std::string report_page(const std::string& title,
                        const std::vector<std::pair<std::string, std::string>>& facts,
                        const std::vector<Metrics::Record>& records);
/// Whole or not at all.
void write_page(const std::filesystem::path& path, const std::string& page);

}  // namespace focusllm::cli
