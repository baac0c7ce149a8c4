#include "cuda_on_host/emulator.hpp"

#include <numeric>
#include <vector>

#include "kernels/cuda/device.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/numbers.hpp"
#include "support/catch.hpp"

using namespace reranker::kernels::cuda;

namespace {

/// Device memory with the values of a vector.
template <class T>
struct Buffer {
  T* memory = nullptr;
  std::size_t size;

  explicit Buffer(std::size_t count) : size(count) {
    REQUIRE(allocate(reinterpret_cast<void**>(&memory), count * sizeof(T)) == 0);
  }
  explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) {
    REQUIRE(copy_to_device(memory, values.data(), size * sizeof(T), nullptr) == 0);
  }
  ~Buffer() { release(memory); }
  std::vector<T> values() const {
    std::vector<T> all(size);
    REQUIRE(copy_to_host(all.data(), memory, size * sizeof(T), nullptr) == 0);
    return all;
  }
};

void reverse_kernel(float* x, bool with_barrier) {
  const int t = thread_index();
  store_shared(shared_memory() + 4 * t, load_global(x + t));
  if (with_barrier) sync_block();
  store_global(x + t, load_shared<float>(shared_memory() + 4 * (127 - t)));
}

}  // namespace

TEST_CASE("a missing barrier is caught", "[emulator]") {
  std::vector<float> x(128);
  std::iota(x.begin(), x.end(), 0.0f);
  const Buffer<float> buffer(x);
  REQUIRE(launch(reverse_kernel, {1, 1, 128, 512}, nullptr, buffer.memory, true) == 0);
  CHECK(buffer.values() == std::vector<float>(x.rbegin(), x.rend()));
  CHECK_THROWS_WITH(launch(reverse_kernel, {1, 1, 128, 512}, nullptr, buffer.memory, false),
                    Catch::Matchers::Contains("without a barrier"));
}
