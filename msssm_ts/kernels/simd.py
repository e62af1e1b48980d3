"""Explicit SIMD for numba: a vector type with arithmetic, loads, stores and exponentials.

LLVM's loop vectoriser gives up on the scans (many arrays that may overlap, a recurrence around
the vectorisable loop), and ``math.exp`` stays a scalar call. So the kernels say what they mean:
one vector (``vector.py``) holds neighbouring channels, 64 bytes, and LLVM lowers it to whatever the
machine has (one AVX-512 register, two of AVX2, four of SSE or NEON).

Functions for jitted code, ``v`` a vector, ``p`` a flat array of the same type:

===================  =============================================================
``v + v, v - v``     also ``*`` and ``/``; contracted to fused multiply-adds
``load(p, i)``       the vector at ``p[i:i + lanes]``, no alignment assumed
``store(p, i, v)``   the reverse
``splat(x)``         scalar x in every lane
``spread(p, i)``     ``p[i]`` in every lane
``item(p, i)``       ``p[i]``, a scalar of any type
``fetch(p, i)``      have ``p[i]`` brought into the cache
``row_sums(p, i)``   the sums of the vectors at ``p[i:]``, one in each lane
``exp2(v)``          2**v, relative error below 3e-7 (float32) and 5e-15 (float64)
``exp2_between(v)``  the same for v from −126 to 127 (float32), −1022 to 1023 (float64)
``softplus(v)``      log(1 + exp(v))
``sigmoid(v)``       1 / (1 + exp(-v))
``exp_minus(v)``     exp(-v), v clamped so that three of them may be multiplied
``positive(v)``      1 where v > 0, else 0
``rectified(v)``     v where v > 0, else 0
``fused(u, v, w)``    u · v + w, rounded once
``larger(v, w)``     the larger one in each lane, ``smaller(v, w)`` the smaller one
``equal(v, w)``      1 where v = w, else 0
``magnitude(v)``     |v|
``below(v, w)``      whether v < w in every lane
===================  =============================================================

:func:`softplus_and_slope` does four vectors at once.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.types.containers import UniTuple
from numba.extending import intrinsic

from msssm_ts.kernels.vector import FLOATS, I32, Emitter, Vector


def _elementwise(name: str) -> Any:
    def function(typingctx: Any, v: Any) -> Any:
        if not isinstance(v, Vector):
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return getattr(Emitter(builder, v.dtype), name)(args[0])

        return v(v), codegen

    function.__name__ = name
    function.__doc__ = getattr(Emitter, name).__doc__
    return intrinsic(function)


exp2 = _elementwise("exp2")
exp2_between = _elementwise("exp2_between")
magnitude = _elementwise("magnitude")
softplus = _elementwise("softplus")
sigmoid = _elementwise("sigmoid")
exp_minus = _elementwise("exp_minus")
positive = _elementwise("positive")
rectified = _elementwise("rectified")


def _pairwise(name: str) -> Any:
    def function(typingctx: Any, v: Any, w: Any) -> Any:
        if not isinstance(v, Vector) or v != w:
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return getattr(Emitter(builder, v.dtype), name)(*args)

        return v(v, w), codegen

    function.__name__ = name
    function.__doc__ = getattr(Emitter, name).__doc__
    return intrinsic(function)


larger = _pairwise("larger")
smaller = _pairwise("smaller")
equal = _pairwise("equal")


@intrinsic  # type: ignore[untyped-decorator]
def fused(typingctx: Any, u: Any, v: Any, w: Any) -> Any:
    """Return u · v + w, rounded once, whatever the compiler makes of the rest."""
    if not isinstance(u, Vector) or u != v or u != w:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return Emitter(builder, u.dtype).call("fma", *args)

    return u(u, v, w), codegen


@intrinsic  # type: ignore[untyped-decorator]
def below(typingctx: Any, v: Any, w: Any) -> Any:
    """Whether v < w in every lane; not where one is NaN."""
    if not isinstance(v, Vector) or v != w:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return Emitter(builder, v.dtype).below(*args)

    return types.boolean(v, w), codegen


@intrinsic  # type: ignore[untyped-decorator]
def softplus_and_slope(typingctx: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Softplus of four vectors, and its slope, the sigmoid, of each: eight vectors.

    Their instructions take turns. One after the other, each vector's would wait for each other.
    """
    if not isinstance(a, Vector):
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emitter = Emitter(builder, a.dtype, vectors=4)
        x = emitter.joined(emitter.joined(*args[:2]), emitter.joined(*args[2:]))
        parts = [emitter.part(y, k) for y in emitter.softplus_and_slope(x) for k in range(4)]
        return context.make_tuple(builder, sig.return_type, parts)

    return UniTuple(a, 8)(a, b, c, d), codegen


@intrinsic  # type: ignore[untyped-decorator]
def splat(typingctx: Any, x: Any) -> Any:
    """Scalar x in every lane."""
    if x not in FLOATS:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return Emitter(builder, x).splat(args[0])

    return Vector(x)(x), codegen


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    vector = Emitter(builder, array_type.dtype).type
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def load(typingctx: Any, p: Any, i: Any) -> Any:
    """Return the vector at p[i : i + lanes]; p is a flat array, nothing is checked."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = builder.load(_pointer(context, builder, sig.args[0], args[0], args[1]))
        value.align = p.dtype.bitwidth // 8
        return value

    return Vector(p.dtype)(p, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator]
def spread(typingctx: Any, p: Any, i: Any) -> Any:
    """Return p[i] in every lane; unlike splat(p[i]) without a test for a negative i."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return Emitter(builder, p.dtype).splat(builder.load(builder.gep(data, [args[1]])))

    return Vector(p.dtype)(p, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator]
def item(typingctx: Any, p: Any, i: Any) -> Any:
    """Return p[i]; unlike that without a test for a negative i. Of any type."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.load(builder.gep(data, [args[1]]))

    return p.dtype(p, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator]
def fetch(typingctx: Any, p: Any, i: Any) -> Any:
    """Have p[i] brought into the cache, without waiting for it."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), I32, I32, I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        # To read, and to stay in all levels; data.
        builder.call(function, [place, I32(0), I32(3), I32(1)])
        return context.get_dummy_value()

    return types.void(p, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator]
def store(typingctx: Any, p: Any, i: Any, v: Any) -> Any:
    """Store vector v at p[i : i + lanes]; p is a flat array, nothing is checked."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1])
        builder.store(args[2], pointer).align = p.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(p, types.intp, v), codegen


@intrinsic  # type: ignore[untyped-decorator]
def row_sums(typingctx: Any, p: Any, i: Any) -> Any:
    """Return the sums of the lanes of as many vectors as a vector has lanes, from p[i:].

    Lane k of the result is the sum of vector k, always added in the same order. A tree of
    merges, like a transposition, costs 3 instructions a sum.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emitter = Emitter(builder, p.dtype)
        lanes = emitter.kind.lanes
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1])
        rows = []
        for k in range(lanes):
            row = builder.load(builder.gep(pointer, [ir.Constant(I32, k)]))
            row.align = p.dtype.bitwidth // 8
            rows.append(row)
        stride = lanes // 2
        while stride:
            rows = [emitter.merge(rows[k], rows[k + stride], stride) for k in range(stride)]
            stride //= 2
        return rows[0]

    return Vector(p.dtype)(p, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator]
def lanes_of(typingctx: Any, p: Any) -> Any:
    """Lanes in a vector of p's type, a constant of the compiled code."""
    lanes = FLOATS[p.dtype].lanes

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(types.intp), lanes)

    return types.intp(p), codegen
