#pragma once

#include <memory>
#include <vector>

#include "kernels/cuda/linear_problem.hpp"

// Which algorithm multiplies how many rows of a shape.
//
// cuBLASLt's first choice for many rows is the reference: the same in every process with that
// library and device. Fewer rows want smaller tiles. Another algorithm takes their place only if
// its results equal the reference's bit for bit, which it shows on numbers made for that
// (linear_numbers.hpp) while it is chosen; that it sums in the same order is not told by cuBLASLt.
// So a race among them decides on speed, never on bits. The race has run on GPUs with plainer
// numbers, which in bf16 and e4m3 told less; with these it has not yet.

namespace reranker::kernels::cuda {

/// The algorithm for up to `max_rows` rows.
struct LinearStep {
  std::int32_t max_rows;
  LinearAlgorithm algorithm;
};

/// Steps by rows, the last for any number. Takes device memory for the time of the choice, and
/// gives it back; where there is too little, the reference is the only step.
Status choose_algorithms(const LinearDevice& device, const LinearShape& shape,
                         std::vector<LinearStep>* steps);

}  // namespace reranker::kernels::cuda
