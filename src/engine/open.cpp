#include "engine/engine.hpp"

#include <dlfcn.h>
#include <limits.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "runtime/roomy_heap.hpp"

namespace reranker::engine {
namespace {

// Where this library was opened, whatever the host's folder is since: a name in dladdr's words may
// be relative to the folder of that time.
std::filesystem::path own_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&open), &info) == 0 || info.dli_fname == nullptr)
    return {};
  char origin[PATH_MAX] = "";
  if (void* const self = ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD)) {
    ::dlinfo(self, RTLD_DI_ORIGIN, origin);
    ::dlclose(self);
  }
  if (*origin != '\0') return origin;
  return std::filesystem::path(info.dli_fname).parent_path();
}

// Beside the library, or where it really lies: a folder of links need not hold the modules, too.
std::filesystem::path module_path(const std::string& name) {
  std::error_code ignored;
  const auto folder = own_folder();
  auto beside = folder / name;
  Dl_info info{};
  if (std::filesystem::exists(beside, ignored) ||
      ::dladdr(reinterpret_cast<const void*>(&open), &info) == 0)
    return beside;
  const auto library = folder / std::filesystem::path(info.dli_fname).filename();
  const auto real = std::filesystem::canonical(library, ignored).parent_path() / name;
  return std::filesystem::exists(real, ignored) ? real : beside;
}

// What LibTorch 2.11's initialisers, which register its operators, keep on the heap.
constexpr std::size_t kInitialisersBytes = 56 << 20;

// RTLD_LOCAL: none of LibTorch's symbols reach the host. RTLD_LAZY: of its 31,000 jumps few are
// taken; the module itself is linked to be bound at once. Never closed: it is nodelete.
void* open_library(const std::filesystem::path& path, std::string& reason) {
  void* handle = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr) reason = ::dlerror();
  return handle;
}

// `driver`: what the module is of no use without, or null. It is looked for first: the module
// brings libraries with it that a host without a driver would hold in vain.
const Module& open_anew(const std::string& device, const char* driver, runtime::Crew& crew) {
  const auto path = module_path(fmt::format("libreranker_{}.so", device));
  const auto unavailable = [&](const std::string& reason) {
    throw Error(ErrorCode::device_unavailable, fmt::format("{}: {}", device, reason));
  };
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    unavailable(fmt::format("{}: not there", path.string()));
  if (driver != nullptr && ::dlopen(driver, RTLD_LAZY | RTLD_LOCAL) == nullptr)
    unavailable(fmt::format("no driver: {}", ::dlerror()));
  void* handle = nullptr;
  std::string reason;
  runtime::RoomyHeap(kInitialisersBytes).run(crew, [&] { handle = open_library(path, reason); });
  if (handle == nullptr)
    unavailable(fmt::format("{}; what {} needs is looked for beside it, then where it was built",
                            reason, path.filename().string()));
  const auto* module = static_cast<const Module*>(::dlsym(handle, kSymbol));
  if (module == nullptr) unavailable(fmt::format("{}: exports no {}", path.string(), kSymbol));
  if (module->abi != kAbi)
    unavailable(fmt::format("{}: ABI {} found, {} wanted: is it of another version?", path.string(),
                            module->abi, kAbi));
  return *module;
}

}  // namespace

// No static that is made under a guard: a fork meanwhile would leave the child waiting for ever.
// Two threads that open a module at one time get the same.
const Module& open(Device device, runtime::Crew& crew) {
  static std::atomic<const Module*> cpu{nullptr}, cuda{nullptr};
  const bool on_cuda = device == Device::cuda;
  std::atomic<const Module*>& module = on_cuda ? cuda : cpu;
  if (module == nullptr)
    module = on_cuda ? &open_anew("cuda", "libcuda.so.1", crew) : &open_anew("cpu", nullptr, crew);
  return *module;
}

}  // namespace reranker::engine
