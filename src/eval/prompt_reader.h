#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "focusllm/cancel.h"
#include "focusllm/progress.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// Reads prompts without chat template. What a prompt begins with is not read again if the one before it,
/// with the same method, began alike: forks of its session are kept at eighths of its length, and one right
/// before the end, for another question about the same text. (focus keeps no sessions but chunks, see
/// methods_with_store.)
class PromptReader {
 public:
  /// cancel: stops reading and answering; has to outlive the sessions.
  PromptReader(std::shared_ptr<const Engine> engine, const CancelToken& cancel,
               ProgressCallback progress = {});

  /// A session that has read `tokens`, with room for the answer. Throws Error for what the method refuses,
  /// Cancelled.
  Session read(std::span<const Token> tokens, std::int64_t answer_tokens, const ContextOptions& options);

 private:
  struct Kept {
    std::int64_t tokens;
    Session session;
  };
  /// Lets go of what does not serve this prompt.
  void forget(std::span<const Token> tokens, const ContextOptions& options);
  Session begin(std::int64_t room, const ContextOptions& options) const;
  void keep(const Session& session, std::int64_t tokens);

  std::shared_ptr<const Engine> engine_;
  const CancelToken& cancel_;
  ProgressCallback progress_;
  std::int64_t least_free_;  ///< bytes that have to be free for a session to be kept
  std::string method_;       ///< with its sizes
  std::int64_t room_ = 0;    ///< tokens that the kept sessions' first one was made for
  std::vector<Token> last_;  ///< the prompt before
  std::vector<Kept> kept_;   ///< of beginnings of it, the shortest first
};

}  // namespace focusllm::eval
