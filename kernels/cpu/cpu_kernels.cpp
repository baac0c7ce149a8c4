#include "kernels/cpu/cpu_kernels.hpp"

#include <atomic>
#include <memory>

#include "kernels/cpu/amx.hpp"
#include "kernels/cpu/tables.hpp"

#ifdef RERANKER_KERNELS_X86
#include <cpuid.h>
#endif

namespace reranker::kernels {
namespace {

// Made at first use, and not under a guard as statics are: a fork meanwhile would leave the child
// waiting for ever. Of two that are made at one time, one is kept.
template <CpuKernels (*make)()>
const CpuKernels& made() {
  static std::atomic<const CpuKernels*> table{nullptr};
  if (table == nullptr) {
    auto fresh = std::make_unique<const CpuKernels>(make());
    const CpuKernels* none = nullptr;
    if (table.compare_exchange_strong(none, fresh.get())) static_cast<void>(fresh.release());
  }
  return *table;
}

// Without what not every table has: what other tables begin with.
CpuKernels make_plain() {
  CpuKernels table{};
  add_row_plans(table);
  add_exp_generic(table);
  add_gelu_generic(table);
  add_linear_pack_generic(table);
  add_linear_generic(table);
  add_attention_generic(table);
  add_rms_norm_generic(table);
  add_rope_generic(table);
  add_embedding_generic(table);
  add_pool_score_generic(table);
  add_bert_embedding_generic(table);
  add_layer_norm_generic(table);
  add_classify_generic(table);
  add_pair_cosine_generic(table);
  add_rotate_generic(table);
  add_quantize_generic(table);
  add_embedding_int8_generic(table);
  add_linear_int8_pack_generic(table);
  add_linear_int8_generic(table);
  return table;
}

template <Bf16Sums sums>
CpuKernels make_generic() {
  CpuKernels table = make_plain();
  table.isa = "generic";
  add_bf16_row_plans(table);
  add_attention_bf16_generic(table);
  add_round_bf16_generic(table);
  add_linear_bf16_pack_generic(table);
  sums == Bf16Sums::tiles ? add_linear_bf16_tiles_generic(table) : add_linear_bf16_generic(table);
  return table;
}

#ifdef RERANKER_KERNELS_X86
// What clang's __builtin_cpu_supports has no name for. Intel's manual, CPUID: leaf 1, ECX bit 29.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c >> 29 & 1) != 0;
}

// Leaf 7, subleaf 1, EAX bit 4.
bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1) != 0;
}

CpuKernels make_avx2() {
  CpuKernels table = make_plain();
  table.isa = "avx2";
  add_exp_avx2(table);
  add_gelu_avx2(table);
  add_linear_pack_avx2(table);
  add_linear_avx2(table);
  add_attention_avx2(table);
  add_rms_norm_avx2(table);
  add_rope_avx2(table);
  add_embedding_avx2(table);
  add_pool_score_avx2(table);
  add_bert_embedding_avx2(table);
  add_layer_norm_avx2(table);
  add_classify_avx2(table);
  add_pair_cosine_avx2(table);
  add_rotate_avx2(table);
  add_quantize_avx2(table);
  add_embedding_int8_avx2(table);
  add_linear_int8_pack_avx2(table);
  add_linear_int8_avx2(table);
  return table;
}

// A table is made by code that its processors alone run: whether this is one is asked before.
const CpuKernels* avx2_kernels() {
  // F16C came before AVX2 on every processor, but a hypervisor may hide it.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c())
    return nullptr;
  return &made<make_avx2>();
}

CpuKernels make_avx2_vnni() {
  CpuKernels table = make_avx2();
  table.isa = "avx2_vnni";
  add_linear_int8_avx_vnni(table);
  return table;
}

CpuKernels make_avx512() {
  CpuKernels table = make_avx2();
  table.isa = "avx512";
  add_exp_avx512(table);
  add_gelu_avx512(table);
  add_linear_avx512(table);
  add_attention_avx512(table);
  add_rms_norm_avx512(table);
  add_rope_avx512(table);
  add_embedding_avx512(table);
  add_pool_score_avx512(table);
  // bert_embedding, classify and pair_cosine wait for memory: no faster with wider registers.
  add_layer_norm_avx512(table);
  return table;
}

CpuKernels make_avx512_vnni() {
  CpuKernels table = make_avx512();
  table.isa = "avx512_vnni";
  add_linear_int8_avx512_vnni(table);
  return table;
}

// Every processor that has vdpbf16ps has the instructions of the tables before.
CpuKernels make_avx512_bf16() {
  CpuKernels table = make_avx512_vnni();
  table.isa = "avx512_bf16";
  add_bf16_row_plans(table);
  add_attention_bf16_avx512_bf16(table);
  add_round_bf16_avx512_bf16(table);
  add_linear_bf16_pack_avx2(table);
  add_linear_bf16_avx512_bf16(table);
  return table;
}

// So has every processor that has tiles.
CpuKernels make_amx() {
  CpuKernels table = make_avx512_bf16();
  table.isa = "amx";
  add_linear_int8_amx(table);
  add_linear_bf16_amx(table);
  return table;
}

const CpuKernels* avx2_vnni_kernels() {
  if (avx2_kernels() == nullptr || !has_avx_vnni()) return nullptr;
  return &made<make_avx2_vnni>();
}

const CpuKernels* avx512_kernels() {
  // Asks the system, too: it may not save the registers.
  const bool runs = avx2_kernels() != nullptr && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  if (!runs) return nullptr;
  return &made<make_avx512>();
}

const CpuKernels* avx512_vnni_kernels() {
  if (avx512_kernels() == nullptr || !__builtin_cpu_supports("avx512vnni")) return nullptr;
  return &made<make_avx512_vnni>();
}

const CpuKernels* avx512_bf16_kernels() {
  if (avx512_vnni_kernels() == nullptr || !__builtin_cpu_supports("avx512bf16")) return nullptr;
  return &made<make_avx512_bf16>();
}

// Tried before it is taken: none of us has seen it on a processor. One that is wrong has no name.
CpuKernels make_tried_amx() {
  CpuKernels table = make_amx();
  if (!same_products(table, generic_kernels(Bf16Sums::tiles))) table.isa = nullptr;
  return table;
}

const CpuKernels* amx_kernels() {
  if (avx512_bf16_kernels() == nullptr || !amx_granted()) return nullptr;
  const CpuKernels& table = made<make_tried_amx>();
  return table.isa != nullptr ? &table : nullptr;
}
#else
const CpuKernels* avx2_kernels() {
  return nullptr;
}
const CpuKernels* avx2_vnni_kernels() {
  return nullptr;
}
const CpuKernels* avx512_kernels() {
  return nullptr;
}
const CpuKernels* avx512_vnni_kernels() {
  return nullptr;
}
const CpuKernels* avx512_bf16_kernels() {
  return nullptr;
}
const CpuKernels* amx_kernels() {
  return nullptr;
}
#endif

}  // namespace

const CpuKernels& generic_kernels(Bf16Sums sums) {
  return sums == Bf16Sums::tiles ? made<make_generic<Bf16Sums::tiles>>()
                                 : made<make_generic<Bf16Sums::chain>>();
}

const CpuKernels* find_cpu_kernels(std::string_view isa) {
  if (isa == "generic") return &generic_kernels();
  if (isa == "avx2") return avx2_kernels();
  if (isa == "avx2_vnni") return avx2_vnni_kernels();
  if (isa == "avx512") return avx512_kernels();
  if (isa == "avx512_vnni") return avx512_vnni_kernels();
  if (isa == "avx512_bf16") return avx512_bf16_kernels();
  if (isa == "amx") return amx_kernels();
  return nullptr;
}

const CpuKernels& best_cpu_kernels(bool tiles) {
  if (tiles && amx_kernels() != nullptr) return *amx_kernels();
  for (const CpuKernels* table : {avx512_bf16_kernels(), avx512_vnni_kernels(), avx512_kernels(),
                                  avx2_vnni_kernels(), avx2_kernels()})
    if (table != nullptr) return *table;
  return generic_kernels();
}

}  // namespace reranker::kernels
