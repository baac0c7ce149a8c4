#include "kernels/cuda/linear_choice.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/cuda/linear_numbers.hpp"

namespace reranker::kernels::cuda {
namespace {

// Rows up to which one algorithm is used, and with which it is timed; the last stands for more.
constexpr std::int32_t kSteps[] = {64, 128, 256, 512, 1024, 2048, 4096};
constexpr std::int32_t kManyRows = 4096;
constexpr std::int32_t kMostRows = 1 << 17;  // that an algorithm is asked about
constexpr std::int32_t kComparedRows = 128;  // the first, and the last
constexpr std::int32_t kDrawnRows = 257;     // then they repeat: a prime, which no tile begins with
constexpr std::size_t kMaxRacers = 8;        // of a step, those that cuBLASLt puts first
constexpr int kRuns = 3;

class DeviceMemory {
 public:
  DeviceMemory() = default;
  ~DeviceMemory() { release(memory_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  Status take(std::size_t bytes) { return allocate(&memory_, bytes); }
  /// Takes that many and fills them with the block, again and again.
  Status take_filled(std::size_t bytes, const std::vector<std::uint8_t>& block, Stream stream);
  void* get() const { return memory_; }
  const float* floats() const { return static_cast<const float*>(memory_); }

 private:
  void* memory_ = nullptr;
};

Status DeviceMemory::take_filled(std::size_t bytes, const std::vector<std::uint8_t>& block,
                                 Stream stream) {
  Status status = take(bytes);
  for (std::size_t done = 0; done < bytes && status == kSuccess; done += block.size()) {
    const std::size_t part = std::min(bytes - done, block.size());
    status = copy_to_device(static_cast<char*>(memory_) + done, block.data(), part, stream);
  }
  return status == kSuccess ? synchronize(stream) : status;
}

class Event {
 public:
  Event() { cudaEventCreate(&event_); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// A shape with operands and a stream of its own, to be multiplied by one algorithm or another.
class Race {
 public:
  Race(const LinearDevice& device, const LinearShape& shape) : device_(device), shape_(shape) {}
  ~Race() {
    if (stream_ != nullptr) destroy(stream_);
  }
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;
  Status open();

  /// The product as the encoder asks for it, its first rows and its last.
  Status product(const LinearAlgorithm& algorithm, std::int32_t num_rows);
  /// Rows of the last product, as they are stored.
  Status read(std::int32_t first_row, std::int32_t num_rows, std::vector<char>* rows);
  std::size_t row_bytes() const {
    return static_cast<std::size_t>(shape_.n * size_in_bytes(shape_.out_type));
  }
  /// Of one such product.
  Status measure(const LinearAlgorithm& algorithm, std::int32_t num_rows, float* milliseconds);

 private:
  /// fp32 sums are added to what is there.
  bool accumulates() const { return shape_.out_type == Type::fp32; }
  Status run(const LinearAlgorithm& algorithm, std::int32_t num_rows);
  char* row(std::int32_t index) const;
  /// What is there before a product is there again.
  Status reset(std::int32_t first_row, std::int32_t num_rows);

  const LinearDevice& device_;
  const LinearShape& shape_;
  Stream stream_ = nullptr;
  std::vector<std::uint8_t> before_;  // (kDrawnRows, n), what is there before a product, repeated
  DeviceMemory out_, x_, weight_, x_scales_, weight_scales_;
  Event begin_, end_;
};

Status Race::open() {
  const auto bytes = [](std::int64_t rows, std::int64_t width, Type type) {
    return static_cast<std::size_t>(rows * width * size_in_bytes(type));
  };
  before_ = accumulates() ? mirrored_rows(Type::fp32, kDrawnRows, shape_.n, false, 1)
                          : std::vector<std::uint8_t>(kDrawnRows * row_bytes(), 0xff);  // NaN
  Status status = make_stream(&stream_);
  if (status == kSuccess) status = out_.take(bytes(kManyRows, shape_.n, shape_.out_type));
  std::uint32_t seed = 2;
  const auto fill = [&](DeviceMemory& memory, Type type, std::int64_t rows, std::int64_t width,
                        bool opposed) {
    const auto block =
        mirrored_rows(type, std::min<std::int64_t>(rows, kDrawnRows), width, opposed, seed++);
    if (status == kSuccess) status = memory.take_filled(bytes(rows, width, type), block, stream_);
  };
  fill(x_, shape_.type, kManyRows, shape_.k, true);
  fill(weight_, shape_.type, shape_.n, shape_.k, false);
  if (shape_.type != Type::e4m3) return status;
  fill(x_scales_, Type::fp32, kManyRows, 1, false);
  fill(weight_scales_, Type::fp32, shape_.n, 1, false);
  return status;
}

Status Race::run(const LinearAlgorithm& algorithm, std::int32_t num_rows) {
  LinearProblem problem(shape_, num_rows);
  if (problem.status() != kSuccess) return problem.status();
  const LinearArgs args{shape_,        out_.get(),         x_.get(),
                        weight_.get(), x_scales_.floats(), weight_scales_.floats(),
                        num_rows,      accumulates()};
  return problem.run(device_, algorithm, args, stream_);
}

char* Race::row(std::int32_t index) const {
  return static_cast<char*>(out_.get()) + static_cast<std::size_t>(index) * row_bytes();
}

Status Race::reset(std::int32_t first_row, std::int32_t num_rows) {
  Status status = kSuccess;
  for (std::int32_t done = 0; done < num_rows && status == kSuccess;) {
    const std::int32_t from = (first_row + done) % kDrawnRows;
    const std::int32_t part = std::min(num_rows - done, kDrawnRows - from);
    status = copy_to_device(row(first_row + done),
                            &before_[static_cast<std::size_t>(from) * row_bytes()],
                            static_cast<std::size_t>(part) * row_bytes(), stream_);
    done += part;
  }
  return status;
}

Status Race::product(const LinearAlgorithm& algorithm, std::int32_t num_rows) {
  Status status = reset(0, std::min(num_rows, kDrawnRows));
  const std::int32_t last = std::min(num_rows, kComparedRows);
  if (status == kSuccess) status = reset(num_rows - last, last);
  if (status == kSuccess) status = run(algorithm, num_rows);
  return status == kSuccess ? synchronize(stream_) : status;
}

Status Race::read(std::int32_t first_row, std::int32_t num_rows, std::vector<char>* rows) {
  rows->resize(static_cast<std::size_t>(num_rows) * row_bytes());
  const Status status = copy_to_host(rows->data(), row(first_row), rows->size(), stream_);
  return status == kSuccess ? synchronize(stream_) : status;
}

Status Race::measure(const LinearAlgorithm& algorithm, std::int32_t num_rows, float* milliseconds) {
  *milliseconds = std::numeric_limits<float>::infinity();
  for (int i = 0; i < kRuns; ++i) {
    cudaEventRecord(begin_.get(), stream_);
    if (const Status failed = run(algorithm, num_rows)) return failed;
    cudaEventRecord(end_.get(), stream_);
    if (const Status failed = synchronize(stream_)) return failed;
    float time = 0.0f;
    cudaEventElapsedTime(&time, begin_.get(), end_.get());
    *milliseconds = std::min(*milliseconds, time);
  }
  return kSuccess;
}

/// cuBLASLt's, best first in its eyes; "not supported" where it has none.
Status offered(const LinearDevice& device, const LinearShape& shape, std::int32_t num_rows,
               std::vector<LinearAlgorithm>* algorithms) {
  LinearProblem problem(shape, num_rows);
  if (problem.status() != kSuccess) return problem.status();
  return problem.list_algorithms(device, algorithms);
}

bool accepts(const LinearDevice& device, const LinearShape& shape, std::int32_t num_rows,
             const LinearAlgorithm& algorithm) {
  LinearProblem problem(shape, num_rows);
  return problem.status() == kSuccess && problem.accepts(device, algorithm);
}

/// For all numbers of rows that a step may be given, as far as trying tells.
bool accepts_all(const LinearDevice& device, const LinearShape& shape, std::int32_t max_rows,
                 const LinearAlgorithm& algorithm) {
  for (std::int32_t rows = 1; rows <= max_rows; rows *= 2)
    for (const std::int32_t nearby : {rows - 1, rows, rows + 1})
      if (nearby > 0 && !accepts(device, shape, nearby, algorithm)) return false;
  return true;
}

Status find_reference(const LinearDevice& device, const LinearShape& shape,
                      LinearAlgorithm* reference) {
  std::vector<LinearAlgorithm> algorithms;
  if (const Status failed = offered(device, shape, kManyRows, &algorithms)) return failed;
  for (const LinearAlgorithm& algorithm : algorithms)
    if (accepts_all(device, shape, kMostRows, algorithm)) {
      *reference = algorithm;
      return kSuccess;
    }
  return linear_status(CUBLAS_STATUS_NOT_SUPPORTED);
}

/// Whether it gives `expected`, the reference's first kDrawnRows rows, which repeat, in its first
/// rows and in its last. False also for what is accepted and yet does not run.
bool agrees(Race& race, const LinearAlgorithm& racer, std::int32_t rows,
            const std::vector<char>& expected) {
  if (race.product(racer, rows) != kSuccess) return false;
  const std::int32_t compared = std::min(rows, kComparedRows);
  std::vector<char> found;
  for (const std::int32_t first : {0, rows - compared}) {
    if (race.read(first, compared, &found) != kSuccess) return false;
    for (std::int32_t row = 0; row < compared; ++row) {
      const auto at = static_cast<std::size_t>((first + row) % kDrawnRows) * race.row_bytes();
      const auto own = static_cast<std::size_t>(row) * race.row_bytes();
      if (std::memcmp(&found[own], &expected[at], race.row_bytes()) != 0) return false;
    }
  }
  return true;
}

/// The fastest of those that agree with the reference.
Status choose(const LinearDevice& device, const LinearShape& shape, Race& race,
              const LinearAlgorithm& reference, const std::vector<char>& expected,
              std::int32_t rows, LinearStep* step) {
  *step = {rows < kManyRows ? rows : kMostRows, reference};
  float best = 0.0f;
  if (const Status failed = race.measure(reference, rows, &best)) return failed;
  std::vector<LinearAlgorithm> racers;
  offered(device, shape, rows, &racers);  // where there is none, the reference stays
  if (racers.size() > kMaxRacers) racers.resize(kMaxRacers);
  for (const LinearAlgorithm& racer : racers) {
    if (!accepts_all(device, shape, step->max_rows, racer)) continue;
    if (!agrees(race, racer, rows, expected)) continue;
    float time = 0.0f;
    if (race.measure(racer, rows, &time) != kSuccess || time >= best) continue;
    step->algorithm = racer;
    best = time;
  }
  return kSuccess;
}

}  // namespace

Status choose_algorithms(const LinearDevice& device, const LinearShape& shape,
                         std::vector<LinearStep>* steps) {
  LinearAlgorithm reference;
  if (const Status failed = find_reference(device, shape, &reference)) return failed;
  Race race(device, shape);
  if (const Status failed = race.open()) {
    if (failed != cudaErrorMemoryAllocation) return failed;
    steps->push_back(
        {kMostRows, reference});  // the same bits, slower, where there is no room to race
    return kSuccess;
  }
  std::vector<char> expected;
  if (const Status failed = race.product(reference, kManyRows)) return failed;
  if (const Status failed = race.read(0, kDrawnRows, &expected)) return failed;

  for (const std::int32_t rows : kSteps) {
    LinearStep step;
    if (const Status failed = choose(device, shape, race, reference, expected, rows, &step))
      return failed;
    steps->push_back(step);
  }
  return kSuccess;
}

}  // namespace reranker::kernels::cuda
