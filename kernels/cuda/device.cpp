#include "kernels/cuda/device.hpp"

#include <cuda_runtime_api.h>

// device.hpp by the CUDA runtime.

namespace reranker::kernels::cuda {
namespace {

/// Takes a failure out of the runtime's memory, where the host's own code would meet it.
Status forget(cudaError_t error) {
  if (error != cudaSuccess) cudaGetLastError();
  return error;
}

std::string version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

const char* describe_linear(int status) {
  switch (status) {  // cublasStatus_t
    case 1: return "not initialised";
    case 3: return "allocation failed";
    case 7: return "invalid value";
    case 8: return "the device is too old";
    case 13: return "execution failed";
    case 14: return "internal error";
    case 15: return "not supported";
    default: return "failed";
  }
}

}  // namespace

std::string describe(Status status) {
  if (status < kFirstLinearStatus) return cudaGetErrorString(static_cast<cudaError_t>(status));
  const int code = status - kFirstLinearStatus;
  return std::string("cuBLASLt: ") + describe_linear(code) + " (" + std::to_string(code) + ")";
}

Status count_devices(int* count) {
  *count = 0;
  return forget(cudaGetDeviceCount(count));
}

Status read_device_info(int device, DeviceInfo* info) {
  cudaDeviceProp properties;
  const Status status = forget(cudaGetDeviceProperties(&properties, device));
  if (status != kSuccess) return status;
  int driver = 0;
  cudaDriverGetVersion(&driver);
  info->name = properties.name;
  info->capability = properties.major * 10 + properties.minor;
  info->driver = version(driver);
  info->multiprocessors = properties.multiProcessorCount;
  return kSuccess;
}

// The device first: exchanging the mode makes a context on whatever device the thread has.
Status use_device(int device) {
  const Status status = forget(cudaSetDevice(device));
  auto mode = cudaStreamCaptureModeThreadLocal;
  return status == kSuccess ? forget(cudaThreadExchangeStreamCaptureMode(&mode)) : status;
}

Status free_memory(std::size_t* bytes) {
  std::size_t total = 0;
  return forget(cudaMemGetInfo(bytes, &total));
}

Status allocate(void** memory, std::size_t bytes) {
  return forget(cudaMalloc(memory, bytes));
}

void release(void* memory) {
  forget(cudaFree(memory));
}

Status allocate_pinned(void** memory, std::size_t bytes) {
  return forget(cudaMallocHost(memory, bytes));
}

void release_pinned(void* memory) {
  forget(cudaFreeHost(memory));
}

Status make_stream(Stream* stream) {
  return forget(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking));
}

void destroy(Stream stream) {
  forget(cudaStreamDestroy(stream));
}

Status synchronize(Stream stream) {
  return forget(cudaStreamSynchronize(stream));
}

Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) {
  return forget(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream));
}

Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) {
  return forget(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream));
}

Graph::~Graph() {
  if (handle_ != nullptr) forget(cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(handle_)));
}

Status Graph::begin(Stream stream) {
  return forget(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
}

Status Graph::end(Stream stream) {
  cudaGraph_t recorded = nullptr;
  Status status = forget(cudaStreamEndCapture(stream, &recorded));
  if (status != kSuccess) return status;
  cudaGraphExec_t graph = nullptr;
  status = forget(cudaGraphInstantiate(&graph, recorded, 0));
  forget(cudaGraphDestroy(recorded));
  if (status != kSuccess) return status;
  if (handle_ != nullptr) forget(cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(handle_)));
  handle_ = graph;
  return kSuccess;
}

Status Graph::launch(Stream stream) const {
  return forget(cudaGraphLaunch(static_cast<cudaGraphExec_t>(handle_), stream));
}

}  // namespace reranker::kernels::cuda
