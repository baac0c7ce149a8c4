# The CUDA kernels' sources, for the real compiler and for the host, which tests run them on.
set(cuda_folder ${CMAKE_CURRENT_LIST_DIR})

# Kernels for every architecture, and those that use what only some have.
set(cuda_kernels
  ${cuda_folder}/attention_generic.cu
  ${cuda_folder}/attention_sm80.cu
  ${cuda_folder}/bert_embedding.cu
  ${cuda_folder}/bias.cu
  ${cuda_folder}/classify.cu
  ${cuda_folder}/embedding.cu
  ${cuda_folder}/layer_norm.cu
  ${cuda_folder}/pair_cosine.cu
  ${cuda_folder}/pool_score.cu
  ${cuda_folder}/rms_norm.cu
  ${cuda_folder}/rope.cu
  ${cuda_folder}/swiglu.cu)
set(cuda_kernels_sm89
  ${cuda_folder}/rms_norm_e4m3.cu
  ${cuda_folder}/swiglu_e4m3.cu)
set(cuda_kernels_sm90a
  ${cuda_folder}/attention_sm90.cu)

# Plain C++ that both use.
set(cuda_host_code
  ${cuda_folder}/attention.cpp
  ${cuda_folder}/linear_numbers.cpp)

# What talks to the driver and to cuBLASLt, which the host has its own versions of.
set(cuda_runtime
  ${cuda_folder}/device.cpp
  ${cuda_folder}/linear.cpp
  ${cuda_folder}/linear_choice.cpp
  ${cuda_folder}/linear_problem.cpp
  ${cuda_folder}/tensor_map.cpp)
