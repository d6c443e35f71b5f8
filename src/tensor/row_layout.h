#pragma once

namespace focusllm {

/// Rows of activations as a product's kernel reads them, `width` elements each: groups of `together` rows, a
/// group being `step` elements of each of its rows, then the next `step` of each. With one row together they
/// simply follow each other.
struct RowLayout {
  long together;
  long step;
  long width;  ///< a multiple of `step`

  long at(long row, long element) const {
    return row / together * together * width + (element / step * together + row % together) * step +
           element % step;
  }
  /// From a row's steps to the next ones.
  long step_stride() const { return together * step; }
  /// Elements that `rows` rows take, whole groups of them.
  long size(long rows) const { return (rows + together - 1) / together * together * width; }
};

}  // namespace focusllm
