#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "benchmarks/peaks.hpp"
#include "kernels/cpu/cpu_kernels.hpp"

// Lines of kernels_bench: what is measured, and the functions that measure one kernel each.

namespace reranker::kernels {

struct Options {
  const CpuKernels* kernels = &best_cpu_kernels();
  std::string only;
  double seconds = 0.5;
};

/// A line is held against what its own instruction set can do.
double own_fma_peak(const CpuKernels& kernels);

/// Whether --only asks for this line.
bool wanted(const Options& options, const std::string& name);

/// Measures `work` and prints a line. flops or bytes of one call; 0 leaves the column empty.
void measure(const Options& options, const std::string& name, double flops, double bytes,
             const std::function<void()>& work,
             double (*peak_of)(const CpuKernels& kernels) = own_fma_peak);

/// All tasks of an operator, on this thread.
template <typename Args>
void run(const Args& args, Plan (*plan_of)(const Args&, int),
         void (*op)(const Args&, const Plan&, std::int64_t, void*), void* scratch) {
  const Plan plan = plan_of(args, 1);
  for (std::int64_t task = 0; task < plan.num_tasks; ++task) op(args, plan, task, scratch);
}

const char* name_of(WeightType type);

// Products of `tokens` rows with (n, k) weights.
void bench_linear(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                  WeightType type, std::int64_t tokens);
void bench_linear_int8(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                       std::int64_t tokens);
void bench_linear_bf16(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                       std::int64_t tokens);

// Weights of `type`, (8192, 2048), as they are made ready at load.
void bench_pack(const Options& options, WeightType type);
void bench_pack_int8(const Options& options, WeightType type);
void bench_pack_bf16(const Options& options, WeightType type);
void bench_rotate(const Options& options, WeightType type);

/// Attention in fp32 and bf16, each held against what bounds it.
void bench_attention(const Options& options);

// Row by row: (tokens, dim) numbers.
void bench_rows(const Options& options, std::int64_t tokens, std::int64_t dim);
void bench_bert(const Options& options, std::int64_t tokens, std::int64_t dim);
void bench_quantize(const Options& options, std::int64_t tokens, std::int64_t dim);
void bench_round_bf16(const Options& options, std::int64_t tokens, std::int64_t dim);

}  // namespace reranker::kernels
