#include "cuda_on_host/shared_memory.hpp"

#include <algorithm>

#include "cuda_on_host/copy_engine.hpp"

namespace reranker::kernels::cuda::host {

SharedMemory shared;

void make_shared_memory(int bytes, int num_warps) {
  const auto words = static_cast<std::size_t>(bytes + 15) / 16 * 4;
  shared.bytes = static_cast<std::uint32_t>(bytes);
  shared.num_readers = num_warps + (num_warps + 3) / 4;
  shared.storage.resize(words / 4);
  shared.data = reinterpret_cast<unsigned char*>(shared.storage.data());
  shared.writes.resize(words);
  shared.reads.resize(shared.num_readers);
  for (auto& of_reader : shared.reads) of_reader.resize(words);
  shared.busy.resize(words / 4);
  shared.uses.resize(words / 4);
  forget_epochs();
}

void forget_epochs() {
  std::fill(shared.writes.begin(), shared.writes.end(), 0);
  for (auto& of_reader : shared.reads) std::fill(of_reader.begin(), of_reader.end(), 0);
}

void start_shared_memory() {
  constexpr std::uint32_t kPoison = 0xffffffffu;  // NaN in every type
  std::fill(shared.storage.begin(), shared.storage.end(),
            Words4{{kPoison, kPoison, kPoison, kPoison}});
  std::fill(shared.busy.begin(), shared.busy.end(), Busy::no);
  std::fill(shared.uses.begin(), shared.uses.end(), 0);
}

const char* deed(Busy busy) {
  switch (busy) {
    case Busy::cp_async: return "a cp.async that nobody has waited for writes";
    case Busy::tma: return "a TMA copy that nobody has waited for writes";
    case Busy::mbarrier: return "an mbarrier occupies";
    case Busy::no: break;
  }
  return "?";
}

std::uint32_t checked_offset(std::uint32_t address, unsigned size, const char* verb) {
  const std::uint32_t offset = address - kSharedBase;
  if (offset >= shared.bytes || size > shared.bytes - offset)
    fail("%s %u bytes of shared memory at %d, of which the block has %u", verb, size,
         static_cast<int>(offset), shared.bytes);
  if (offset % size != 0)
    fail("%s %u bytes of shared memory at %u, which is not aligned to them", verb, size, offset);
  return offset;
}

namespace {

[[noreturn]] void fail_of_race(std::uint32_t word, const char* verb, Epoch other,
                               const char* other_verb) {
  fail("%s shared memory at %u, which %s %s without a barrier in between", verb, word * 4,
       name_of(other).c_str(), other_verb);
}

bool hinders(Busy busy, std::uint32_t offset, unsigned size) {
  return busy != Busy::no && (busy != Busy::mbarrier || touches_mbarrier(offset, size));
}

constexpr std::uint32_t num_words(unsigned size) {
  return (size + 3) / 4;
}

}  // namespace

const void* shared_for_read(std::uint32_t address, unsigned size) {
  const std::uint32_t offset = checked_offset(address, size, "reads");
  const Busy busy = shared.busy[offset / 16];
  if (hinders(busy, offset, size)) fail("reads shared memory at %u, which %s", offset, deed(busy));
  const Thread& me = *block.current;
  const Epoch now = epoch_of(me);
  const std::uint32_t first = offset / 4;
  const Epoch* writes = shared.writes.data() + first;
  Epoch* reads = shared.reads[me.index / kLanes].data() + first;
  for (std::uint32_t i = 0; i < num_words(size); ++i) {
    if (!has_seen(me, writes[i])) fail_of_race(first + i, "reads", writes[i], "wrote");
    if ((writes[i] >> kAgentBits) < block.first_clock) ++report.poisoned_reads;
    reads[i] = now;
  }
  return shared.data + offset;
}

void* shared_for_write(std::uint32_t address, unsigned size) {
  const std::uint32_t offset = checked_offset(address, size, "writes");
  const Busy busy = shared.busy[offset / 16];
  if (hinders(busy, offset, size)) fail("writes shared memory at %u, which %s", offset, deed(busy));
  if (shared.uses[offset / 16] != 0)
    fail("writes shared memory at %u, which a wgmma that nobody has waited for reads", offset);
  const Thread& me = *block.current;
  const Epoch now = epoch_of(me);
  const std::uint32_t first = offset / 4;
  Epoch* writes = shared.writes.data() + first;
  for (std::uint32_t i = 0; i < num_words(size); ++i) {
    // Two threads may write the halves of a word.
    if (size >= 4 && !has_seen(me, writes[i]))
      fail_of_race(first + i, "writes", writes[i], "wrote");
    for (const auto& of_reader : shared.reads)
      if (!has_seen(me, of_reader[first + i]))
        fail_of_race(first + i, "writes", of_reader[first + i], "read");
    writes[i] = now;
  }
  return shared.data + offset;
}

}  // namespace reranker::kernels::cuda::host
