"""The inner loops of the painter, compiled by numba: deform, light, z-buffer, shade. Importing this compiles nothing.

Every kernel runs on one thread, releases the interpreter lock, keeps its machine code on disk, and
works on arrays that the caller owns; kernels share nothing, so they may run in many threads at once.

Some kernels are longer than functions elsewhere: what they compute must stay in registers from one end to the other.
"""
