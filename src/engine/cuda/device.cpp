#include "engine/cuda/device.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace reranker::engine::cuda {
namespace {

using kernels::cuda::Status;

constexpr int kLeastCapability = 80;  // bf16 on tensor cores

// Of cudaError_t and cublasStatus_t, whose numbers are part of their interfaces.
constexpr Status kMemoryAllocation = 2;
constexpr Status kInitialization = 3;
constexpr Status kNoDevice = 100;
constexpr Status kUnusable[] = {kInitialization, 35, 46, kNoDevice, 101, 209, 222, 802, 803};
constexpr Status kNoLinearMemory = kernels::cuda::kFirstLinearStatus + 3;
constexpr Status kNoSuchProduct = kernels::cuda::kFirstLinearStatus + 15;

bool is_want_of_memory(Status status) {
  return status == kMemoryAllocation || status == kNoLinearMemory;
}

ErrorCode code_of(Status status) {
  if (is_want_of_memory(status)) return ErrorCode::out_of_memory;
  if (status == kNoSuchProduct) return ErrorCode::unsupported;
  const bool unusable =
      std::find(std::begin(kUnusable), std::end(kUnusable), status) != std::end(kUnusable);
  return unusable ? ErrorCode::device_unavailable : ErrorCode::internal;
}

std::string capability_of(const kernels::cuda::DeviceInfo& info) {
  return fmt::format("{}.{}", info.capability / 10, info.capability % 10);
}

[[noreturn]] void unavailable(int index, const std::string& reason) {
  throw Error(ErrorCode::device_unavailable, fmt::format("cuda:{}: {}", index, reason));
}

// Why the driver counts no devices.
std::string reason_of(Status status) {
  const std::string words = kernels::cuda::describe(status);
  if (status == kNoDevice)
    return fmt::format("{}, or CUDA_VISIBLE_DEVICES names none that is there", words);
  if (status == kInitialization)
    return fmt::format(
        "no driver that works: {}, as in the child of a process that had used CUDA "
        "when it forked: fork before that",
        words);
  return fmt::format("no driver that works: {}", words);
}

}  // namespace

bool Failure::wants_memory() const {
  return is_want_of_memory(status);
}

Device Device::open(int index) {
  int count = 0;
  const Status counted = kernels::cuda::count_devices(&count);
  if (counted != kernels::cuda::kSuccess) unavailable(index, reason_of(counted));
  if (index < 0 || index >= count)
    unavailable(index, fmt::format("no such device; the driver knows {}", count));

  Device device;
  device.index = index;
  const Status read = kernels::cuda::read_device_info(index, &device.info);
  if (read != kernels::cuda::kSuccess) unavailable(index, kernels::cuda::describe(read));
  if (device.info.capability < kLeastCapability)
    unavailable(index,
                fmt::format("{} has capability {}, 8.0 or later wanted (driver {})",
                            device.info.name, capability_of(device.info), device.info.driver));
  return device;
}

std::string Device::name() const {
  return fmt::format("cuda:{} {}", index, info.name);
}

std::string Device::isa() const {
  return fmt::format("sm_{}", info.capability);
}

Error Device::error(const Failure& failure) const {
  return {code_of(failure.status),
          fmt::format("{} (capability {}, driver {}): {}: {}", name(), capability_of(info),
                      info.driver, failure.doing, kernels::cuda::describe(failure.status))};
}

}  // namespace reranker::engine::cuda
