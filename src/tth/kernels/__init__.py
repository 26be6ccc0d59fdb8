"""Loops over arrays, written in Python and compiled: what the painters and the encoders are fast with. Importing this
compiles nothing and imports neither numba nor LLVM.

`jit.py` makes a function a kernel and lists the traps of writing one; `compiler.py` compiles it once per machine;
`machine_code.py` keeps the result and calls it in later processes without the compiler. What the kernels do is their
packages' business: nothing here knows a face or a picture. A kernel takes its helpers and layouts from the folder it
lies in and from here, since that is what the name of its machine code is made from.
"""
