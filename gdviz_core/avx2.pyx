# cython: language_level=3
"""The kernels of one instruction set, for the engine to load."""

from cpython.pycapsule cimport PyCapsule_New

cdef extern from "avx2.h":
    ctypedef struct gdv_kernels:
        pass
    const gdv_kernels gdv_avx2

KERNELS = PyCapsule_New(<void *>&gdv_avx2, "gdviz_core.kernels", NULL)
