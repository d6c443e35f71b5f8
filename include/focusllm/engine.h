#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "focusllm/chat_template.h"
#include "focusllm/gguf.h"
#include "focusllm/tokenizer.h"
#include "focusllm/types.h"

namespace focusllm {

/// How a model is loaded.
struct EngineOptions {
  int threads = 0;  ///< 0: one per core
  ProductType product_type = ProductType::automatic;
  /// The instruction set of the kernels to use: scalar, avx2, avx512, avx512_vnni, avx512_bf16, amx; empty:
  /// what FOCUSLLM_ISA names, or the strongest of this machine.
  std::string isa;
  std::filesystem::path
      adapter;  ///< the candidates' weights for `focus`; empty: one that is found (docs/adapters.md)
  bool find_adapter = true;
  bool prepare = true;  ///< rearrange the weights now; else at their first use
};

/// What a model takes in memory beside keys and values, in bytes.
struct ModelMemory {
  std::int64_t file = 0;     ///< the tensors in the file, mapped: pages that the system may take back
  std::int64_t weights = 0;  ///< quantised weights, rearranged: held, in the place of the file's pages
  std::int64_t pass = 0;     ///< activations of a pass through the layers, once for all sessions
};

/// What a model is.
struct ModelInfo {
  std::string architecture;
  std::int64_t layers = 0;
  std::int64_t width = 0;                             ///< of the residual stream
  std::int64_t vocabulary = 0;                        ///< tokens
  std::int64_t trained_context = 0;                   ///< tokens
  ProductType product_type = ProductType::automatic;  ///< what rows are read in; never automatic
  bool has_adapter = false;                           ///< candidates' weights
};

/// A loaded model with its tokenizer. Const, thread-safe, shared by any number of sessions.
class Engine {
 public:
  /// Throws Error: the file is missing, broken, or of an architecture that is not supported, or this machine
  /// has not the instruction set that was asked for.
  static std::shared_ptr<const Engine> load(const std::filesystem::path& path,
                                            const EngineOptions& options = {});
  ~Engine();

  const gguf::File& file() const;
  const Tokenizer& tokenizer() const;
  ModelInfo info() const;
  std::string name() const;          ///< general.name, or the file's name
  ProductType product_type() const;  ///< that was asked for
  std::string_view isa() const;      ///< the instruction set whose kernels compute
  double load_seconds() const;
  int threads() const;         ///< that compute, for all sessions together
  ModelMemory memory() const;  ///< known before the weights are rearranged (EngineOptions::prepare)
  /// Of its weights, by which adapters know it. Reads all of them, unless the file's hash is known from
  /// before (docs/adapters.md).
  std::string model_hash() const;
  std::string adapter_hash() const;  ///< of its weights; empty if there is none
  void check_files()
      const;  ///< throws Error if the model's or the adapter's file changed since it was loaded
  std::filesystem::path adapter() const;  ///< the file of the candidates' weights; empty if there is none

 private:
  friend struct EngineParts;  // engine/parts.h
  Engine();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace focusllm
