#include "cuda_on_host/tile.hpp"

#include "cuda_on_host/numbers_host.hpp"
#include "cuda_on_host/shared_memory.hpp"

namespace reranker::kernels::cuda::host {

namespace {

// Bits 4 to 6 of an address are exchanged by bits 7 to 9.
std::uint32_t swizzle(std::uint32_t address) {
  return address ^ (address >> 7 & 7) << 4;
}

int num_pieces(int rows) {
  return rows * 2;
}

void check_seen(std::uint32_t word, int warpgroup) {
  const Epoch epoch = shared.writes[word];
  const Clock clock = epoch >> kAgentBits;
  const auto who = static_cast<int>(epoch & ((1u << kAgentBits) - 1));
  if (clock < block.first_clock) {
    ++report.poisoned_reads;
    return;
  }
  for (int warp = 4 * warpgroup; warp < 4 * warpgroup + 4; ++warp) {
    const Thread& leader = block.threads[warp * kLanes];
    if (!has_seen(leader, epoch))
      fail("reads shared memory at %u by wgmma, which %s wrote without a barrier to warp %d",
           word * 4, name_of(epoch).c_str(), warp);
    if (who < block.num_threads && leader.fenced[who] < clock)
      fail("reads shared memory at %u by wgmma, which %s wrote without fence_proxy_async", word * 4,
           name_of(epoch).c_str());
  }
}

}  // namespace

Tile decode_tile(std::uint64_t descriptor, bool is_mn_major) {
  if (descriptor >> 62 != 1) fail("gives wgmma a descriptor without 128-byte swizzle");
  if ((descriptor >> 49 & 7) != 0) fail("gives wgmma a descriptor with a base offset");
  const auto field = [&](int bit) {
    return static_cast<std::uint32_t>(descriptor >> bit & 0x3fff) << 4;
  };
  const Tile tile{field(0), field(16), field(32), is_mn_major};
  // 16 numbers along k have to lie in one row of 128 bytes, and mn-major rows start at its start.
  const std::uint32_t column = tile.start % 128;
  if (is_mn_major ? tile.start % 1024 != 0 : column % 32 != 0 || tile.start / 128 % 8 != 0)
    fail("gives wgmma a tile at %u, which does not start its swizzle there",
         tile.start - kSharedBase);
  return tile;
}

std::uint32_t piece_address(const Tile& tile, int rows, int piece) {
  if (!tile.is_mn_major) {
    const auto row = static_cast<std::uint32_t>(piece / 2);
    const auto part = static_cast<std::uint32_t>(piece % 2);
    return swizzle(tile.start + row / 8 * tile.stride + row % 8 * 128 + part * 16);
  }
  const auto k = static_cast<std::uint32_t>(piece / (rows / 8));
  const auto group = static_cast<std::uint32_t>(piece % (rows / 8));
  return swizzle(tile.start + group / 8 * tile.leading + k / 8 * tile.stride + k % 8 * 128 +
                 group % 8 * 16);
}

void read_tile(float* to, const Tile& tile, int rows, bool is_bf16) {
  for (int piece = 0; piece < num_pieces(rows); ++piece) {
    const std::uint32_t offset = piece_address(tile, rows, piece) - kSharedBase;
    const auto* from = reinterpret_cast<const std::uint16_t*>(shared.data + offset);
    const int k = tile.is_mn_major ? piece / (rows / 8) : piece % 2 * 8;
    const int row = tile.is_mn_major ? piece % (rows / 8) * 8 : piece / 2;
    const int step = tile.is_mn_major ? 1 : rows;
    float* first = to + k * rows + row;
    for (int i = 0; i < 8; ++i) first[i * step] = is_bf16 ? from_bf16(from[i]) : from_fp16(from[i]);
  }
}

void claim_tile(const Tile& tile, int rows, int warpgroup) {
  for (int piece = 0; piece < num_pieces(rows); ++piece) {
    const std::uint32_t offset =
        checked_offset(piece_address(tile, rows, piece), 16, "reads by wgmma");
    const Busy busy = shared.busy[offset / 16];
    if (busy != Busy::no) fail("reads shared memory at %u by wgmma, which %s", offset, deed(busy));
    for (std::uint32_t word = offset / 4; word < offset / 4 + 4; ++word)
      check_seen(word, warpgroup);
    ++shared.uses[offset / 16];
  }
}

void give_back_tile(const Tile& tile, int rows, int warpgroup, std::uint32_t clock) {
  const Epoch epoch = (clock << kAgentBits) | static_cast<Epoch>(wgmma_agent(warpgroup));
  auto& reads = shared.reads[static_cast<std::size_t>(block.num_threads / kLanes + warpgroup)];
  for (int piece = 0; piece < num_pieces(rows); ++piece) {
    const std::uint32_t offset = piece_address(tile, rows, piece) - kSharedBase;
    --shared.uses[offset / 16];
    for (std::uint32_t word = offset / 4; word < offset / 4 + 4; ++word) reads[word] = epoch;
  }
}

}  // namespace reranker::kernels::cuda::host
