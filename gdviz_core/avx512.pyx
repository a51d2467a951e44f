# cython: language_level=3
"""The kernels of one instruction set, for the engine to load."""

from cpython.pycapsule cimport PyCapsule_New

cdef extern from "avx512.h":
    ctypedef struct gdv_kernels:
        pass
    const gdv_kernels gdv_avx512

KERNELS = PyCapsule_New(<void *>&gdv_avx512, "gdviz_core.kernels", NULL)
