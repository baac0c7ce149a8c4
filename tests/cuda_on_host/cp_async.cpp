#include <cstring>

#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/instructions.hpp"
#include "cuda_on_host/shared_memory.hpp"

// A copy is made when it is waited for. Until then its target holds poison and may not be touched.

namespace reranker::kernels::cuda::host {

namespace {

void complete(const AsyncCopy& copy) {
  const std::uint32_t offset = copy.to - kSharedBase;
  shared.busy[offset / 16] = Busy::no;
  void* to = shared_for_write(copy.to, 16);
  if (copy.from != nullptr)
    std::memcpy(to, copy.from, 16);
  else
    std::memset(to, 0, 16);
}

}  // namespace

void issue_cp_async(std::uint32_t to, const void* from) {
  if (from != nullptr) check_global_read<16>(from);
  std::memset(shared_for_write(to, 16), 0xff, 16);
  shared.busy[(to - kSharedBase) / 16] = Busy::cp_async;
  block.current->copies.push_back({to, from});
}

void commit_cp_async() {
  Thread& me = *block.current;
  me.groups.push_back(me.copies.size());
}

void wait_cp_async(std::size_t pending) {
  Thread& me = *block.current;
  if (me.groups.size() <= pending) return;
  const std::size_t num_groups = me.groups.size() - pending;
  const std::size_t num_copies = me.groups[num_groups - 1];
  for (std::size_t i = 0; i < num_copies; ++i) complete(me.copies[i]);
  me.copies.erase(me.copies.begin(), me.copies.begin() + static_cast<std::ptrdiff_t>(num_copies));
  me.groups.erase(me.groups.begin(), me.groups.begin() + static_cast<std::ptrdiff_t>(num_groups));
  for (std::size_t& reach : me.groups) reach -= num_copies;
}

}  // namespace reranker::kernels::cuda::host
