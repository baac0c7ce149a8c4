// What more threads than this machine has would bring, and what would bound them. Prints a table:
//
//   threads_bench [--shape 500m|minilm] [--bandwidth GB/s] [--most N]
//
// A model, not a measurement. One Llama layer of the 500M's sizes, or of MiniLM's, in fp32
// arithmetic, the best instruction set. Every operator is planned for T threads; its tasks are run
// one by one on this one, each is timed, and handed out as the library does, in order, each to the
// thread that is free first. That is `balance`: the share of the threads' time that is work.
// `memory` is the rate, in GB/s, at which all of them would read weights if no two shared a cache:
// every task reads its columns' weights once. A step takes the longer of its tasks and of that at
// --bandwidth (default: what this machine's threads reach together). Threads meet after every step,
// at the cost measured here on all processors; it is taken to grow with their number. `bound` is
// what costs most.

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/operands.hpp"
#include "kernels/cpu/cpu_kernels.hpp"

namespace {

using namespace reranker::kernels;
using Clock = std::chrono::steady_clock;

struct Shape {
  const char* name;
  std::int64_t hidden, intermediate, heads, kv_heads, dim;
};
constexpr Shape kShapes[] = {{"500m", 2048, 8192, 32, 8, 64}, {"minilm", 384, 1536, 12, 12, 32}};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A step of a layer, planned for so many threads.
struct Step {
  std::vector<double> tasks;  // seconds of each
  double bytes;               // of weights, that they read together
};

/// Tasks in order, each to the thread that is free first.
double makespan(const std::vector<double>& tasks, std::size_t num_threads) {
  std::vector<double> busy_until(num_threads, 0.0);
  for (const double seconds : tasks)
    *std::min_element(busy_until.begin(), busy_until.end()) += seconds;
  return *std::max_element(busy_until.begin(), busy_until.end());
}

template <typename Args>
Step time_step(const Args& args, Plan (*plan_of)(const Args&, int),
               void (*op)(const Args&, const Plan&, std::int64_t, void*), int num_threads,
               double weight_bytes) {
  const Plan plan = plan_of(args, num_threads);
  const Memory scratch(plan.scratch_bytes);
  Step step{{}, weight_bytes * static_cast<double>(std::max<std::int64_t>(plan.row_tasks, 1))};
  step.tasks.assign(static_cast<std::size_t>(plan.num_tasks), 1e9);
  for (int round = 0; round < 2; ++round)  // the lesser: others use this machine, too
    for (std::int64_t task = 0; task < plan.num_tasks; ++task) {
      const auto start = Clock::now();
      op(args, plan, task, scratch.data());
      double& seconds = step.tasks[static_cast<std::size_t>(task)];
      seconds = std::min(seconds, seconds_since(start));
    }
  return step;
}

/// Activations and weights of a layer, over `lengths` laid end to end.
class Layer {
 public:
  Layer(const Shape& shape, const std::vector<std::int64_t>& lengths) : shape_(shape) {
    for (const std::int64_t length : lengths)
      offsets_.push_back(offsets_.back() + static_cast<std::int32_t>(length));
    x_ = numbers(num_tokens() * 2 * shape_.intermediate);
    y_.resize(x_.size());
    table_.resize(static_cast<std::size_t>(rope_table_size(num_tokens(), shape_.dim)));
    make_rope_table(table_.data(), std::vector<float>(shape_.dim / 2, 0.5f).data(), num_tokens(),
                    shape_.dim);
  }

  std::vector<Step> steps(int num_threads) {
    const std::int64_t qkv = (shape_.heads + 2 * shape_.kv_heads) * shape_.dim;
    std::vector<Step> out{rms_norm(num_threads),
                          linear(qkv, shape_.hidden, Epilogue::store, num_threads),
                          rope(num_threads)};
    attention(num_threads, out);
    out.push_back(linear(shape_.hidden, shape_.hidden, Epilogue::add, num_threads));
    out.push_back(rms_norm(num_threads));
    out.push_back(linear(2 * shape_.intermediate, shape_.hidden, Epilogue::swiglu, num_threads));
    out.push_back(linear(shape_.hidden, shape_.intermediate, Epilogue::add, num_threads));
    return out;
  }

 private:
  std::int64_t num_tokens() const { return offsets_.back(); }
  std::int64_t num_sequences() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }

  Step rms_norm(int num_threads) {
    return time_step(
        RmsNormArgs{y_.data(), x_.data(), x_.data(), num_tokens(), shape_.hidden, 1e-5f},
        kernels_.plan_rms_norm, kernels_.rms_norm, num_threads, 0);
  }

  Step linear(std::int64_t n, std::int64_t k, Epilogue epilogue, int num_threads) {
    const LinearWeights shape{n, k, WeightType::bf16,
                              epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
    const std::size_t bytes = packed_linear_bytes(shape);
    const Memory packed(bytes);
    return time_step(
        LinearArgs{shape, packed.data(), y_.data(), x_.data(), y_.data(), num_tokens(), epilogue},
        kernels_.plan_linear, kernels_.linear, num_threads, static_cast<double>(bytes));
  }

  Step rope(int num_threads) {
    const RopeArgs args{x_.data(),       table_.data(), offsets_.data(), num_tokens(),
                        num_sequences(), shape_.heads,  shape_.kv_heads, shape_.dim};
    return time_step(args, kernels_.plan_rope, kernels_.rope, num_threads, 0);
  }

  void attention(int num_threads, std::vector<Step>& out) {
    AttentionArgs args{y_.data(),       x_.data(),    offsets_.data(), nullptr,   num_tokens(),
                       num_sequences(), shape_.heads, shape_.kv_heads, shape_.dim};
    const AttentionKernels& of = kernels_.attention;
    const Memory packed(of.packed_bytes(args));
    args.packed = packed.data();
    out.push_back(time_step(args, of.plan_pack, of.pack, num_threads, 0));
    out.push_back(time_step(args, of.plan, of.run, num_threads, 0));
  }

  const Shape& shape_;
  const CpuKernels& kernels_ = best_cpu_kernels();
  std::vector<std::int32_t> offsets_{0};
  std::vector<float> x_, y_, table_;
};

/// Runs `body` on every processor at once; the longest of their times.
double on_all(const std::function<void()>& body) {
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(body);
  for (auto& thread : threads) thread.join();
  return seconds_since(start);
}

/// GB/s that all processors read together, of memory far larger than their caches.
double read_bandwidth() {
  constexpr std::size_t kFloats = 64u << 20;
  const std::vector<float> memory(kFloats, 1.0f);
  std::atomic<long> total{0};
  const double seconds = on_all([&] {
    long sum[8] = {};
    for (std::size_t i = 0; i < kFloats; i += 8 * 16)  // a word of each cache line
      for (std::size_t lane = 0; lane < 8; ++lane)
        sum[lane] += static_cast<long>(memory[i + 16 * lane]);
    total += std::accumulate(sum, sum + 8, 0L);
  });
  return 4.0 * kFloats * std::thread::hardware_concurrency() / seconds * 1e-9;
}

/// Seconds for the processors to meet, for each of them: a counter that all raise and then watch,
/// as the library's threads do.
double meeting_seconds() {
  constexpr int kMeetings = 2000;
  const unsigned processors = std::thread::hardware_concurrency();
  std::atomic<unsigned> arrived{0};
  const double seconds = on_all([&] {
    for (unsigned meeting = 1; meeting <= kMeetings; ++meeting) {
      ++arrived;
      while (arrived < meeting * processors) ::sched_yield();
    }
  });
  return seconds / kMeetings / processors;
}

struct Machine {
  double bandwidth;  // GB/s
  double meeting;    // seconds a thread
};

void print_row(const std::vector<Step>& steps, std::size_t num_threads, const Machine& machine,
               double of_one) {
  double busy = 0, balanced = 0, total = 0, bytes = 0;
  for (const Step& step : steps) {
    const double tasks = makespan(step.tasks, num_threads);
    busy += std::accumulate(step.tasks.begin(), step.tasks.end(), 0.0);
    balanced += tasks;
    bytes += step.bytes;
    total += std::max(tasks, step.bytes * 1e-9 / machine.bandwidth);
  }
  const double threads = static_cast<double>(num_threads);
  const double meetings = static_cast<double>(steps.size()) * machine.meeting * threads;
  const double waiting = balanced - busy / threads;
  const double reading = total - balanced;
  const char* bound = reading > waiting && reading > meetings ? "memory"
                      : meetings > waiting                    ? "meetings"
                                                              : "balance";
  std::printf("%8zu %9.1f %10.0f %% %9.1f %12.2f %%   %s\n", num_threads,
              of_one / (total + meetings), 100 * busy / threads / balanced, bytes * 1e-9 / balanced,
              100 * meetings / (total + meetings), num_threads == 1 ? "" : bound);
  std::fflush(stdout);
}

void print_workload(const Shape& shape, const char* name, const std::vector<std::int64_t>& lengths,
                    int most, const Machine& machine) {
  std::printf("\n%s\n threads  speed-up    balance    memory     meetings   bound\n", name);
  Layer layer(shape, lengths);
  (void)layer.steps(1);
  double of_one = 0;
  for (int num_threads = 1; num_threads <= most; num_threads *= 2) {
    const auto steps = layer.steps(num_threads);
    if (num_threads == 1)
      for (const Step& step : steps)
        of_one += std::accumulate(step.tasks.begin(), step.tasks.end(), 0.0);
    print_row(steps, static_cast<std::size_t>(num_threads), machine, of_one);
  }
}

}  // namespace

int main(int argc, char** argv) {
  double bandwidth = 0;
  int most = 64;
  const Shape* shape = &kShapes[0];
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    for (const Shape& known : kShapes)
      if (name == "--shape" && known.name == std::string(argv[i + 1])) shape = &known;
    if (name == "--bandwidth") bandwidth = std::atof(argv[i + 1]);
    if (name == "--most") most = std::atoi(argv[i + 1]);
  }
  const Machine machine{bandwidth > 0 ? bandwidth : read_bandwidth(), meeting_seconds()};
  std::printf("isa %s, %s shape, fp32; memory %.0f GB/s%s; a meeting %.1f us a thread\n",
              best_cpu_kernels().isa, shape->name, machine.bandwidth,
              bandwidth > 0 ? " (given)" : "", machine.meeting * 1e6);
  print_workload(*shape, "1 x 128", {128}, most, machine);
  print_workload(*shape, "8 x 512", std::vector<std::int64_t>(8, 512), most, machine);
  print_workload(*shape, "1 x 2048", {2048}, most, machine);
}
