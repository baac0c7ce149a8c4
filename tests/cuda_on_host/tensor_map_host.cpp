#include "cuda_on_host/tensor_map_host.hpp"

#include <algorithm>
#include <cstring>

#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/emulator.hpp"
#include "cuda_on_host/fail.hpp"
#include "cuda_on_host/streams_host.hpp"

namespace reranker::kernels::cuda {

namespace host {

namespace {

constexpr std::uint64_t kMark = 0x70616d726f736e74u;
constexpr int kRowNumbers = 64;  // of 16 bits in a row of 128 bytes
constexpr int kPieces = 8;       // of 16 bytes in it

bool is_inside(std::int64_t index, std::int64_t extent) {
  return index >= 0 && index < extent;
}

// A row of the box, zeros outside.
void fetch_row(std::uint16_t (&row)[kRowNumbers], const TensorLayout& tensor, std::int64_t x,
               std::int64_t y, std::int64_t z) {
  std::fill_n(row, kRowNumbers, std::uint16_t{0});
  if (!is_inside(y, tensor.extents[1]) || !is_inside(z, tensor.extents[2])) return;
  const std::int64_t first = std::max<std::int64_t>(x, 0);
  const std::int64_t last = std::min<std::int64_t>(x + kRowNumbers, tensor.extents[0]);
  if (first >= last) return;
  const char* from = static_cast<const char*>(tensor.data) + z * tensor.strides[1] +
                     y * tensor.strides[0] + first * 2;
  const auto bytes = static_cast<std::size_t>(last - first) * 2;
  check_range(from, bytes, "copies by TMA");
  std::memcpy(row + (first - x), from, bytes);
}

}  // namespace

HostTensorMap decode(const TensorMap& map) {
  static_assert(sizeof(HostTensorMap) <= sizeof(TensorMap));
  HostTensorMap made;
  std::memcpy(&made, map.bytes, sizeof made);
  if (made.mark != kMark) fail("copies by a tensor map that make_tensor_map has not made");
  return made;
}

std::vector<Words4> fetch_box(const HostTensorMap& map, std::uint32_t to, const int (&at)[3]) {
  const TensorLayout& tensor = map.layout;
  const int num_rows = tensor.box[1] * tensor.box[2];
  std::vector<Words4> box(static_cast<std::size_t>(num_rows) * kPieces);
  for (int r = 0; r < num_rows; ++r) {
    std::uint16_t row[kRowNumbers];
    fetch_row(row, tensor, at[0], std::int64_t{at[1]} + r % tensor.box[1],
              std::int64_t{at[2]} + r / tensor.box[1]);
    const int turn = static_cast<int>(to / 128 + static_cast<std::uint32_t>(r)) % 8;
    for (int i = 0; i < kPieces; ++i)
      std::memcpy(&box[static_cast<std::size_t>(r) * kPieces + (i ^ turn)], row + 8 * i, 16);
  }
  return box;
}

}  // namespace host

namespace {

// As the driver has them for tiles of 16-bit numbers with 128-byte swizzle.
bool is_allowed(const TensorLayout& layout) {
  bool allowed = reinterpret_cast<std::uintptr_t>(layout.data) % 16 == 0 && layout.box[0] == 64;
  for (const std::int64_t extent : layout.extents)
    allowed &= extent > 0 && extent <= std::int64_t{1} << 32;
  for (const std::int64_t stride : layout.strides)
    allowed &= stride > 0 && stride % 16 == 0 && stride < std::int64_t{1} << 40;
  for (const std::int32_t size : layout.box) allowed &= size > 0 && size <= 256;
  return allowed;
}

}  // namespace

Status make_tensor_map(TensorMap* map, const TensorLayout& layout) {
  if (host::settings().capability < 90) return host::kNotSupported;
  if (!is_allowed(layout)) return host::kInvalidValue;
  const host::HostTensorMap made{host::kMark, layout};
  std::memset(map->bytes, 0, sizeof map->bytes);
  std::memcpy(map->bytes, &made, sizeof made);
  return 0;
}

}  // namespace reranker::kernels::cuda
