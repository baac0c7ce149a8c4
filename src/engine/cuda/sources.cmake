# The CUDA engine's module but for the kernels, which tests bring their own of.
set(cuda_engine_folder ${CMAKE_CURRENT_LIST_DIR})
set(cuda_engine
  ${cuda_engine_folder}/call.cpp
  ${cuda_engine_folder}/convert.cpp
  ${cuda_engine_folder}/cuda_encoder.cpp
  ${cuda_engine_folder}/device.cpp
  ${cuda_engine_folder}/inputs.cpp
  ${cuda_engine_folder}/ops.cpp
  ${cuda_engine_folder}/plan.cpp
  ${cuda_engine_folder}/recordings.cpp
  ${cuda_engine_folder}/weights.cpp
  ${cuda_engine_folder}/../graph.cpp
  ${cuda_engine_folder}/../ops/register.cpp
  ${cuda_engine_folder}/../pieces.cpp
  ${cuda_engine_folder}/../../model/input_file.cpp
  ${cuda_engine_folder}/../../model/tensor.cpp
  ${cuda_engine_folder}/../../runtime/arena.cpp
  ${cuda_engine_folder}/../../../kernels/cpu/rope_table.cpp)
