#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <reranker/options.hpp>

#include "batch/sequence.hpp"
#include "model/network.hpp"
#include "runtime/arena.hpp"
#include "runtime/crew.hpp"

// The one door to LibTorch. libreranker.so knows an engine by this header alone and opens the
// module that holds it when a model is loaded, so that a host pays nothing for LibTorch before
// that and never has its symbols in the global scope.

namespace reranker::engine {

/// Renewed whenever this header changes meaning, or the namespace of what it throws: a module of
/// another number is refused.
constexpr int kAbi = 10;

/// What an encoder says of itself.
struct Description {
  std::string device;     // "cpu", or "cuda:0 NVIDIA H100 80GB HBM3"
  std::string isa;        // Info::isa
  std::string precision;  // arithmetic of the projections: "fp32", "bf16", "fp16", "fp8" or "int8"
  std::string weights;    // storage of the projections: a precision, or "int8 quads"
  std::string attention;  // arithmetic of its products: "fp32", "bf16" or "fp16"
  std::vector<std::string> kernels;  // that were chosen for this network and device, a line each
  // What bits depend on beside these: a device and its libraries, "tiles" of a CPU, or nothing.
  std::string hardware;
  std::string libtorch;
  std::size_t weight_bytes = 0;
  int kernel_revision = 0;
  std::uint64_t weight_hash = 0;  // over names, types and bytes of all tensors
};

/// A network with its weights, ready to read batches.
///
/// forward, working_memory and the destructor run on the Runtime's leader, one at a time; the other
/// members on any thread. Throws Error, or runtime::Arena::Exhausted where the arena is smaller
/// than `plan` says.
class Encoder {
 public:
  virtual ~Encoder() = default;

  /// One logit a sequence into `logits` (batch.num_sequences()). Working memory comes from `arena`,
  /// which lies in working_memory().
  virtual void forward(const batch::Batch& batch, runtime::Crew& crew, runtime::Arena& arena,
                       float* logits) const = 0;

  /// An upper bound on the bytes that forward takes from its arena. Rises with both numbers.
  virtual std::size_t plan(std::size_t num_tokens, std::size_t num_sequences,
                           std::size_t num_threads) const = 0;

  /// Bound on what plan may give for a pass; 0: none.
  virtual std::size_t memory_limit() const = 0;

  /// At least `bytes` of memory for an arena, where the encoder computes; less where there is no
  /// more. Valid for one forward.
  virtual runtime::Region working_memory(std::size_t bytes, runtime::Crew& crew) const = 0;

  /// Tokens of a pass beyond which larger passes are no faster.
  virtual std::size_t enough_tokens() const = 0;

  /// Whether the host has nothing to do while a pass runs, and could be making the next one.
  virtual bool leaves_host_free() const = 0;

  virtual const Description& description() const = 0;
};

/// What an encoder is made of.
struct Blueprint {
  const model::Network& network;
  const model::Checkpoint& checkpoint;
  std::size_t max_tokens;    // of one sequence
  Precision precision;       // automatic: the engine's own choice
  bool int8_quads;           // model::Config's
  int device_index;          // of several devices of the engine's kind
  std::size_t memory_limit;  // of working memory; 0: none
  runtime::Crew& crew;
  std::function<void(std::string_view message)> warn;  // takes LibTorch's warnings; may be empty
};

/// The single symbol that a module exports, under the name kSymbol.
struct Module {
  int abi;
  std::unique_ptr<Encoder> (*make)(const Blueprint& blueprint);
};
constexpr const char* kSymbol = "reranker_engine";

/// Opens the module of the engine for `device`, which is not automatic, once a process. It lies
/// beside libreranker.so. Throws Error: device_unavailable. To be called on the Runtime's leader.
const Module& open(Device device, runtime::Crew& crew);

}  // namespace reranker::engine
