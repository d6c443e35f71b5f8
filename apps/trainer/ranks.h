#pragma once

#include <string>
#include <vector>

namespace focusllm::cli {

/// Runs this program `ranks` times with the given arguments, each told its rank, how many there are and where
/// to meet (RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT), and waits for them. SIGINT and
/// SIGTERM are passed on once; if one rank fails, the others are ended. Returns the exit code: 0, that of the
/// rank that failed, or 130.
int run_ranks(int ranks, const std::vector<std::string>& arguments);

/// "rank 1 of 2: " in a process that is one of some and not the first, else empty.
std::string rank_prefix();
/// This rank's number among those of this machine, as LOCAL_RANK says; 0 if it does not.
int local_rank();
/// How many ranks share this machine, as LOCAL_WORLD_SIZE says; 1 if it does not.
int ranks_here();

}  // namespace focusllm::cli
