#include "benchmarks/kernels/lines.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace reranker::kernels {

double own_fma_peak(const CpuKernels& kernels) {
  const std::string isa = kernels.isa;
  return fma_peak(isa.rfind("avx512", 0) == 0 ? "avx512" : "avx2");
}

bool wanted(const Options& options, const std::string& name) {
  return name.find(options.only) != std::string::npos;
}

void measure(const Options& options, const std::string& name, double flops, double bytes,
             const std::function<void()>& work, double (*peak_of)(const CpuKernels& kernels)) {
  work();
  std::vector<double> times;
  const double before = peak_of(*options.kernels);
  const double start = cpu_seconds();
  do {
    const double begin = cpu_seconds();
    work();
    times.push_back(cpu_seconds() - begin);
  } while (cpu_seconds() - start < options.seconds || times.size() < 3);
  const double best_rate = std::max(before, peak_of(*options.kernels));
  std::sort(times.begin(), times.end());
  const double seconds = times[times.size() / 10];
  const double median = times[times.size() / 2];
  std::printf("%-44s %10.3f ms", name.c_str(), seconds * 1e3);
  if (flops > 0) {
    std::printf(" %8.1f GFLOP/s", flops / seconds * 1e-9);
    if (best_rate > 0)
      std::printf(" %5.1f %% of %.1f (median %.1f %%)", flops / seconds * 1e-7 / best_rate,
                  best_rate, flops / median * 1e-7 / best_rate);
  }
  if (bytes > 0) std::printf(" %8.1f GB/s", bytes / seconds * 1e-9);
  std::printf("\n");
  std::fflush(stdout);
}

const char* name_of(WeightType type) {
  return type == WeightType::bf16 ? "bf16" : type == WeightType::fp16 ? "fp16" : "fp32";
}

}  // namespace reranker::kernels
