#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tensor/block_type.h"
#include "tensor/grouped_matrix.h"

namespace focusllm {

/// A stack of matrices with the same input, as products read them: quantised ones in groups of 16 outputs,
/// which replace the file's blocks; floats where they are. Const after construction; the memory of floats
/// must outlive it.
class Weights {
 public:
  struct Matrix {
    BlockMatrix source;  ///< its data is not read again where there is a copy
    std::int64_t first_output = 0;
    std::optional<GroupedMatrix> grouped;
  };

  /// Some outputs of one matrix that stand side by side.
  struct Piece {
    const Matrix* matrix;
    std::int64_t first;  ///< output of the matrix
    std::int64_t count;
  };

  explicit Weights(std::span<const BlockMatrix> stack);

  std::int64_t inputs() const { return inputs_; }
  std::int64_t outputs() const { return outputs_; }
  std::span<const Matrix> matrices() const { return matrices_; }
  std::span<const Piece> groups() const { return groups_; }  ///< pieces of kGroupChannels
  std::span<const Piece> panels() const { return panels_; }  ///< pieces of kPanelChannels

 private:
  std::vector<Piece> pieces(std::int64_t channels) const;

  std::vector<Matrix> matrices_;
  std::int64_t inputs_ = 0;
  std::int64_t outputs_ = 0;
  std::vector<Piece> groups_, panels_;
};

}  // namespace focusllm
