#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "eval/task.h"
#include "focusllm/cancel.h"
#include "focusllm/progress.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// How a prompt reaches the model.
enum class Form {
  raw,   ///< its tokens as they are; the answer goes on with them
  chat,  ///< its text as a document, its question through the model's chat template
};

/// Reads prompts. What a prompt begins with is not read again if the one before it, with the same method,
/// began alike: forks of its session are kept at eighths of its length, and one right before the end, for
/// another question about the same text; in chat form one behind the text. (focus keeps no sessions but
/// chunks, see methods_with_store.)
class PromptReader {
 public:
  /// cancel: stops reading and answering; has to outlive the sessions.
  PromptReader(std::shared_ptr<const Engine> engine, const CancelToken& cancel,
               ProgressCallback progress = {});

  /// A session that has read `tokens`, with room for the answer. Throws Error for what the method refuses,
  /// Cancelled.
  Session read(std::span<const Token> tokens, std::int64_t answer_tokens, const ContextOptions& options);
  /// A chat session that has read the prompt's text. Throws Error for what the method refuses and where the
  /// prompt has no question, Cancelled.
  Session read_text(const Prompt& prompt, const ContextOptions& options);

 private:
  struct Kept {
    std::int64_t tokens;
    Session session;
  };
  /// Lets go of what does not serve this prompt.
  void forget(std::span<const Token> tokens, const ContextOptions& options, Form form);
  Session begin(std::int64_t room, const ContextOptions& options) const;
  void keep(const Session& session, std::int64_t tokens);

  std::shared_ptr<const Engine> engine_;
  const CancelToken& cancel_;
  ProgressCallback progress_;
  std::int64_t least_free_;  ///< bytes that have to be free for a session to be kept
  std::string method_;       ///< with its sizes
  Form form_ = Form::raw;
  std::int64_t room_ = 0;    ///< tokens that the kept sessions' first one was made for
  std::vector<Token> last_;  ///< the prompt before, in chat form its text
  std::vector<Kept> kept_;   ///< of beginnings of it, the shortest first
};

}  // namespace focusllm::eval
