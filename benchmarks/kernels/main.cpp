// How near the CPU kernels come to what one core can do. Prints a table on stdout:
//
//   kernels_bench [--isa NAME] [--only TEXT] [--seconds S]
//
// One thread, thread CPU time, of the runs that fit into S seconds (default 0.5) a line; the rate
// is that of the fastest tenth, the median's share comes after it: the two are far apart where
// other processes empty the caches. Peak is fused multiply-adds on registers of the instruction
// set's own width, or for int8 and bf16 the table's own products, probed in this process right
// before and after each line.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "benchmarks/kernels/lines.hpp"

namespace {

using namespace reranker::kernels;

/// The four products of a layer of the 500M.
template <typename Bench>
void products_of_500m(const Bench& bench) {
  bench(3072, 2048, Epilogue::store);
  bench(2048, 2048, Epilogue::add);
  bench(16384, 2048, Epilogue::swiglu);
  bench(2048, 8192, Epilogue::add);
}

void bench_all(const Options& options) {
  constexpr auto kStore = Epilogue::store;
  constexpr auto kAdd = Epilogue::add;
  constexpr auto kSwiglu = Epilogue::swiglu;
  constexpr auto kGelu = Epilogue::gelu;
  constexpr auto kBf16 = WeightType::bf16;
  for (const std::int64_t m : {1, 2, 4, 6, 7, 16, 32, 64, 128, 300, 512, 2048}) {
    products_of_500m([&](std::int64_t n, std::int64_t k, Epilogue epilogue) {
      bench_linear(options, n, k, epilogue, kBf16, m);
    });
  }
  for (const std::int64_t m : {1, 16, 128, 512, 2048}) {
    bench_linear(options, 960, 576, kStore, kBf16, m);
    bench_linear(options, 576, 576, kAdd, kBf16, m);
    bench_linear(options, 3072, 576, kSwiglu, kBf16, m);
    bench_linear(options, 576, 1536, kAdd, kBf16, m);
  }
  for (const std::int64_t m : {1, 128, 512}) {
    bench_linear(options, 3072, 2048, kStore, WeightType::fp32, m);
    bench_linear(options, 2048, 8192, kAdd, WeightType::fp32, m);
  }
  for (const std::int64_t m : {1, 16, 128, 512, 2048}) {
    bench_linear(options, 1152, 384, kStore, WeightType::fp32, m);
    bench_linear(options, 1536, 384, kStore, WeightType::fp32, m);
    bench_linear(options, 1536, 384, kGelu, WeightType::fp32, m);
    bench_linear(options, 384, 1536, kAdd, WeightType::fp32, m);
  }
  for (const auto type : {WeightType::bf16, WeightType::fp16, WeightType::fp32})
    bench_pack(options, type);
  for (const std::int64_t m : {1, 6, 16, 64, 128, 300, 512, 2048}) {
    products_of_500m([&](std::int64_t n, std::int64_t k, Epilogue epilogue) {
      bench_linear_int8(options, n, k, epilogue, m);
    });
  }
  for (const std::int64_t m : {1, 128, 512}) {
    bench_linear_int8(options, 3072, 576, kSwiglu, m);
    bench_linear_int8(options, 576, 1536, kAdd, m);
    bench_linear_int8(options, 1536, 384, kGelu, m);
  }
  for (const auto type : {WeightType::bf16, WeightType::fp16, WeightType::fp32}) {
    bench_pack_int8(options, type);
    bench_rotate(options, type);
  }
  for (const std::int64_t m : {1, 6, 16, 64, 128, 300, 512, 2048}) {
    products_of_500m([&](std::int64_t n, std::int64_t k, Epilogue epilogue) {
      bench_linear_bf16(options, n, k, epilogue, m);
    });
  }
  for (const std::int64_t m : {1, 128, 512}) {
    bench_linear_bf16(options, 960, 576, kStore, m);
    bench_linear_bf16(options, 576, 576, kAdd, m);
    bench_linear_bf16(options, 3072, 576, kSwiglu, m);
    bench_linear_bf16(options, 576, 1536, kAdd, m);
    bench_linear_bf16(options, 1536, 384, kGelu, m);
  }
  for (const auto type : {WeightType::bf16, WeightType::fp16, WeightType::fp32})
    bench_pack_bf16(options, type);
  bench_round_bf16(options, 512, 2048);
  bench_round_bf16(options, 512, 8192);
  for (const std::int64_t dim : {2048, 8192, 384, 312, 400}) bench_quantize(options, 512, dim);
  bench_attention(options);
  bench_rows(options, 512, 2048);
  bench_rows(options, 8192, 2048);
  bench_bert(options, 512, 384);
  bench_bert(options, 8192, 384);
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--isa") options.kernels = find_cpu_kernels(argv[i + 1]);
    if (name == "--only") options.only = argv[i + 1];
    if (name == "--seconds") options.seconds = std::atof(argv[i + 1]);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  if (options.kernels == nullptr) {
    std::fprintf(stderr, "kernels_bench: this machine has no such kernels\n");
    return 2;
  }
  std::printf("isa %s, one thread\n", options.kernels->isa);
  for (const char* isa : {"avx2", "avx512"})
    if (const double rate = fma_peak(isa); rate > 0)
      std::printf("peak %-39s %27.1f GFLOP/s\n", isa, rate);
  bench_all(options);
}
