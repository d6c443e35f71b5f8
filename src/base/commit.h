#pragma once

#include <string_view>

namespace focusllm {

/// The commit that was built, with -dirty where files differed from it; "unknown" outside of git. Its source
/// is written by the build (cmake/commit.cmake), in a library of its own, focusllm_commit.
std::string_view built_commit();

}  // namespace focusllm
