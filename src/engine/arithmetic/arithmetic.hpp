#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include <reranker/options.hpp>

#include "kernels/cpu/cpu_kernels.hpp"

namespace reranker::engine {

struct Call;

/// Some rows of a projection's weights, as a checkpoint has them.
struct WeightRows {
  const void* data;  // (num_rows, k) of LinearWeights::type
  std::int64_t first_row;
  std::int64_t num_rows;
};

/// A projection, packed by the arithmetic that computes it.
struct Projection {
  kernels::LinearWeights weights;
  const void* panels;
};

/// Where a projection's result goes, and what is added to it.
struct Target {
  float* out;
  const float* bias;      // or null
  const float* residual;  // or null
  kernels::Epilogue epilogue;
};

/// How projections compute: what their weights are packed as and what rows become before they are
/// multiplied. One for each precision; everything else of a network is fp32 whatever the precision.
/// Immutable.
class Arithmetic {
 public:
  explicit Arithmetic(const kernels::CpuKernels& kernels) : kernels_(kernels) {}
  virtual ~Arithmetic() = default;

  /// Description::precision, and Description::weights for weights of that type.
  virtual std::string name() const = 0;
  virtual std::string storage(kernels::WeightType type) const = 0;

  /// Whether embedding tables become codes (embedding_int8.hpp) rather than stay as they are, and
  /// how rows of the checkpoint's type do.
  virtual bool codes_embeddings() const { return false; }
  void encode(const kernels::PackEmbeddingInt8Args& args) const {
    kernels_.pack_embedding_int8(args);
  }

  virtual std::size_t packed_bytes(const kernels::LinearWeights& weights) const = 0;

  /// Puts rows into their places in `panels` (packed_bytes, aligned to kernels::kAlignment).
  /// Disjoint rows may be packed at the same time.
  virtual void pack(const kernels::LinearWeights& weights, void* panels,
                    const WeightRows& rows) const = 0;

  /// What computes attention, whose own inputs and outputs are floats.
  virtual const kernels::AttentionKernels& attention() const { return kernels_.attention; }

  /// Bytes of what a row of k floats becomes; 0 if it stays as it is.
  virtual std::size_t row_bytes(std::int64_t k) const = 0;

  /// Scratch for each thread of all that `project` and `rms_norm` run.
  virtual std::size_t scratch_bytes(const kernels::LinearWeights& weights,
                                    std::int64_t num_tokens) const = 0;

  /// x (num_tokens, dim) floats, weight (dim) -> rows for `project`.
  virtual at::Tensor rms_norm(Call& call, const at::Tensor& x, const at::Tensor& weight,
                              float eps) const = 0;

  /// x (num_tokens, k) floats, or rows that rms_norm gave.
  virtual void project(Call& call, const at::Tensor& x, const Projection& projection,
                       const Target& target) const = 0;

 protected:
  const kernels::CpuKernels& kernels_;
};

/// The epilogue that needs the most scratch of those that such weights are used with.
kernels::Epilogue largest_epilogue(const kernels::LinearWeights& weights);

/// `int8_range` is for int8's weights: kernels.int8_range, or quads.
/// Throws Error: unsupported, where the kernels have no such arithmetic.
std::unique_ptr<Arithmetic> make_arithmetic(Precision precision, const kernels::CpuKernels& kernels,
                                            kernels::Int8Range int8_range);

std::unique_ptr<Arithmetic> make_fp32(const kernels::CpuKernels& kernels);
std::unique_ptr<Arithmetic> make_bf16(const kernels::CpuKernels& kernels);
std::unique_ptr<Arithmetic> make_int8(const kernels::CpuKernels& kernels, kernels::Int8Range range);

}  // namespace reranker::engine
