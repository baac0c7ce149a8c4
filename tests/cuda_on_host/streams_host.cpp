#include "cuda_on_host/streams_host.hpp"

#include <deque>
#include <functional>
#include <set>
#include <vector>

#include "cuda_on_host/block.hpp"
#include "kernels/cuda/device.hpp"
#include "kernels/cuda/launch.hpp"

namespace reranker::kernels::cuda {

namespace host {

thread_local int current_device = 0;

namespace {

using Lock = std::lock_guard<std::recursive_mutex>;
using Work = std::function<void()>;

struct HostStream {
  int device = 0;
  bool recorded = false;
  std::vector<Work> record;
  std::deque<Work> waiting;
};

struct HostGraph {
  std::vector<Work> work;
};

std::set<HostStream*>& streams() {
  static std::set<HostStream*> all;
  return all;
}

HostStream* find(Stream stream) {
  static HostStream no_name;
  if (stream == nullptr) {
    no_name.device = current_device;
    return &no_name;
  }
  auto* found = reinterpret_cast<HostStream*>(stream);
  return streams().count(found) != 0 && found->device == current_device ? found : nullptr;
}

void finish(HostStream& stream) {
  while (!stream.waiting.empty()) {
    const Work work = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    work();
  }
}

}  // namespace

bool anyone_records() {
  const Lock lock(one_at_a_time());
  for (const HostStream* stream : streams())
    if (stream->recorded) return true;
  return false;
}

void finish_all() {
  const Lock lock(one_at_a_time());
  for (HostStream* stream : streams())
    if (stream->device == current_device) finish(*stream);
}

Status queue(Stream stream, Work work) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (found == nullptr) return kInvalidHandle;
  if (found->recorded) {
    found->record.push_back(std::move(work));
  } else if (settings().late && stream != nullptr) {
    found->waiting.push_back(std::move(work));
  } else {
    if (stream == nullptr) finish_all();
    work();
  }
  return kSuccess;
}

}  // namespace host

using namespace host;

Status make_stream(Stream* stream) {
  const Lock lock(one_at_a_time());
  auto* made = new HostStream;
  made->device = current_device;
  streams().insert(made);
  *stream = reinterpret_cast<Stream>(made);
  return kSuccess;
}

void destroy(Stream stream) {
  if (stream == nullptr) return;
  const Lock lock(one_at_a_time());
  auto* gone = reinterpret_cast<HostStream*>(stream);
  if (streams().erase(gone) == 0) fail("destroys a stream that is none");
  finish(*gone);
  delete gone;
}

Status synchronize(Stream stream) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (found == nullptr) return kInvalidHandle;
  if (found->recorded) return kNotWhileRecording;
  if (stream == nullptr)
    finish_all();
  else
    finish(*found);
  return kSuccess;
}

Graph::~Graph() {
  delete static_cast<HostGraph*>(handle_);
}

Status Graph::begin(Stream stream) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (stream == nullptr || found == nullptr) return kInvalidHandle;
  if (found->recorded) return kNotWhileRecording;
  found->recorded = true;
  return kSuccess;
}

Status Graph::end(Stream stream) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (found == nullptr || !found->recorded) return kInvalidHandle;
  found->recorded = false;
  if (settings().failing_graphs == 1) {
    found->record.clear();
    return kOutOfMemory;
  }
  delete static_cast<HostGraph*>(handle_);
  handle_ = new HostGraph{std::move(found->record)};
  found->record.clear();
  return kSuccess;
}

Status Graph::launch(Stream stream) const {
  if (handle_ == nullptr) return kInvalidHandle;
  if (settings().failing_graphs == 2) return kOutOfMemory;
  for (const Work& work : static_cast<const HostGraph*>(handle_)->work)
    if (const Status status = queue(stream, work); status != kSuccess) return status;
  return kSuccess;
}

}  // namespace reranker::kernels::cuda
