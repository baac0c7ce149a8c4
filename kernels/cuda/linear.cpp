#include "kernels/cuda/linear.hpp"

#include "kernels/cuda/linear_choice.hpp"

namespace reranker::kernels::cuda {
namespace {

// What NVIDIA asks for on Hopper; algorithms that sum in one piece hardly use it.
constexpr std::size_t kWorkspaceBytes = 32 << 20;

bool same(const LinearShape& a, const LinearShape& b) {
  return a.n == b.n && a.k == b.k && a.type == b.type && a.out_type == b.out_type;
}

std::string describe(const LinearShape& shape) {
  return std::to_string(shape.n) + " x " + std::to_string(shape.k) + " " + name(shape.type) +
         " -> " + name(shape.out_type);
}

}  // namespace

struct Linear::Impl {
  struct Choice {
    LinearShape shape;
    std::vector<LinearStep> steps;  // by rows, the last for any number
  };

  ~Impl() {
    release(device.workspace);
    if (device.handle != nullptr) cublasLtDestroy(device.handle);
  }

  const Choice* find(const LinearShape& shape) const {
    for (const Choice& choice : choices)
      if (same(choice.shape, shape)) return &choice;
    return nullptr;
  }

  LinearDevice device;
  std::vector<Choice> choices;
};

Linear::Linear() : impl_(std::make_unique<Impl>()) {}

Linear::~Linear() = default;

Status Linear::open() {
  LinearDevice& device = impl_->device;
  if (const auto failed = linear_status(cublasLtCreate(&device.handle))) return failed;
  if (const auto failed = allocate(&device.workspace, kWorkspaceBytes)) return failed;
  device.workspace_bytes = kWorkspaceBytes;
  return kSuccess;
}

Status Linear::prepare(const LinearShape& shape) {
  if (impl_->find(shape) != nullptr) return kSuccess;
  Impl::Choice choice{shape, {}};
  const Status status = choose_algorithms(impl_->device, shape, &choice.steps);
  if (status == kSuccess) impl_->choices.push_back(std::move(choice));
  return status;
}

Status Linear::run(const LinearArgs& args, Stream stream) {
  if (args.num_tokens == 0) return kSuccess;
  const Impl::Choice* choice = impl_->find(args.shape);
  if (choice == nullptr) return linear_status(CUBLAS_STATUS_INVALID_VALUE);
  const LinearStep* step = choice->steps.data();
  while (args.num_tokens > step->max_rows && step != &choice->steps.back()) ++step;
  LinearProblem problem(args.shape, args.num_tokens);
  if (problem.status() != kSuccess) return problem.status();
  return problem.run(impl_->device, step->algorithm, args, stream);
}

std::vector<std::string> Linear::choices() const {
  std::vector<std::string> lines;
  for (const Impl::Choice& choice : impl_->choices)
    for (const LinearStep& step : choice.steps)
      lines.push_back(describe(choice.shape) + ", up to " + std::to_string(step.max_rows) +
                      " rows: " + describe_algorithm(step.algorithm));
  return lines;
}

std::string Linear::library() {
  return "cuBLASLt " + std::to_string(cublasLtGetVersion());
}

}  // namespace reranker::kernels::cuda
