#pragma once

#include "kernels/linear.hpp"

// Where a row of W lies in the packed panels. Declarations only: see types.hpp.

namespace reranker::kernels {

constexpr std::int64_t kPanel = 16;  // output columns in a panel

std::int64_t num_panels(const LinearWeights& weights);

/// Panels two by two: with RowOrder::gate_up a gate's and its up's. The last may be alone.
std::int64_t num_panel_pairs(const LinearWeights& weights);

/// Bytes of one panel. A multiple of kAlignment only if k is even; panels need no more than 32.
std::int64_t panel_bytes(const LinearWeights& weights);

/// Panel and place in it of `row`, and how many rows from here on are its neighbours in that panel.
struct PanelRow {
  std::int64_t panel;
  std::int64_t lane;
  std::int64_t num_lanes;  // rows of W from `row` to the end of the panel or of its half of W
  bool last;               // whether those are the last rows before padding
};
PanelRow panel_row(const LinearWeights& weights, std::int64_t row);

}  // namespace reranker::kernels
