#include "kernels/cuda/device.hpp"

#include "kernels/cuda/driver_entry.hpp"

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

/// What the driver has and the runtime has not. The runtime's numbers of devices are the driver's.
struct Driver {
  Driver() {
    find("cuDevicePrimaryCtxRetain", &retain);
    find("cuDevicePrimaryCtxRelease", &release);
    find("cuCtxPushCurrent", &push);
    find("cuCtxPopCurrent", &pop);
  }

  template <class Function>
  void find(const char* name, Function* function) {
    if (found == kSuccess) found = find_in_driver(name, function);
  }

  decltype(&cuDevicePrimaryCtxRetain) retain = nullptr;
  decltype(&cuDevicePrimaryCtxRelease) release = nullptr;
  decltype(&cuCtxPushCurrent) push = nullptr;
  decltype(&cuCtxPopCurrent) pop = nullptr;
  Status found = kSuccess;
};

const Driver& driver() {
  static const Driver found;
  return found;
}

Status driver_status(CUresult result) {
  return static_cast<Status>(result);  // CUDA_ERROR_x and cudaErrorX are the same number
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
  info->multiprocessors = properties.multiProcessorCount;
  info->memory_bytes = properties.totalGlobalMem;
  info->driver = version(driver);
  return kSuccess;
}

// A context that is pushed and popped, where cudaSetDevice would make one on the device that it
// goes back to, and stay the thread's choice.
DeviceScope::DeviceScope(int device) : device_(device) {
  status_ = driver().found;
  if (status_ == kSuccess) status_ = forget(cudaInitDevice(device, 0, 0));
  if (status_ != kSuccess) return;
  CUcontext context = nullptr;
  status_ = driver_status(driver().retain(&context, device));
  if (status_ != kSuccess) return;
  status_ = driver_status(driver().push(context));
  if (status_ != kSuccess) driver().release(device);
}

DeviceScope::~DeviceScope() {
  if (status_ != kSuccess) return;
  CUcontext context = nullptr;
  driver().pop(&context);
  driver().release(device_);
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
