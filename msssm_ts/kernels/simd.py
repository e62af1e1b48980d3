"""Explicit SIMD for numba: a vector type with arithmetic, loads, stores and exponentials.

LLVM's loop vectoriser gives up on the scans (many arrays that may overlap, a recurrence around
the vectorisable loop), and ``math.exp`` stays a scalar call. So the kernels say what they mean:
one vector holds :data:`LANES` neighbouring channels (64 bytes), and LLVM lowers it to whatever
the machine has (one AVX-512 register, two of AVX2, four of SSE or NEON).

Functions for jitted code, ``v`` a vector, ``p`` a flat array of the same type:

==================  =============================================================
``v + v, v - v``    also ``*`` and ``/``; contracted to fused multiply-adds
``load(p, i)``      the vector at ``p[i:i + lanes]``, no alignment assumed
``store(p, i, v)``  the reverse
``splat(x)``        scalar x in every lane
``spread(p, i)``    ``p[i]`` in every lane
``row_sums(p, i)``  the sums of the vectors at ``p[i:]``, one in each lane
``exp2(v)``         2**v, relative error below 3e-7 (float32) and 5e-15 (float64)
``exp2_below(v)``   the same for v up to 127 (float32), 1023 (float64)
``softplus(v)``     log(1 + exp(v))
``sigmoid(v)``      1 / (1 + exp(-v))
``exp_minus(v)``    exp(-v), v clamped so that three of them may be multiplied
``positive(v)``     1 where v > 0, else 0
``rectified(v)``    v where v > 0, else 0
``larger(v, w)``    the larger one in each lane, ``smaller(v, w)`` the smaller one
``equal(v, w)``     1 where v = w, else 0
==================  =============================================================

:func:`softplus_and_slope` does four vectors at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.types.containers import UniTuple
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

# Channels per vector: 64 bytes.
LANES = {np.dtype(np.float32): 16, np.dtype(np.float64): 8}

# Products may go into sums (fma), but sums keep their order: one compiler must not round otherwise
# than the next. NaN and infinity keep their meaning.
_FAST = ("contract", "nsz")
_I32 = ir.IntType(32)


def _chebyshev(function: Callable[[Any], Any], degree: int, low: float, high: float) -> list[float]:
    """Polynomial that interpolates function at Chebyshev nodes, highest power first."""
    series = np.polynomial.Chebyshev.interpolate(function, degree, domain=[low, high])
    return [float(c) for c in series.convert(kind=np.polynomial.Polynomial).coef[::-1]]


def _log1p_ratio(z: Any) -> Any:
    """log1p(z) / z."""
    return np.log1p(np.maximum(z, 1e-30)) / np.maximum(z, 1e-30)


class _Float:
    """The constants of one float type."""

    def __init__(self, llvm: Any, suffix: str, dtype: type, exp_degree: int, log_degree: int):
        info = np.finfo(dtype)
        self.llvm = llvm
        self.suffix = suffix
        self.lanes = LANES[np.dtype(dtype)]
        self.bits = info.bits
        self.mantissa_bits = info.nmant
        # Outside these powers of two the exponent field would overflow.
        self.min_exponent = float(info.minexp)
        self.max_exponent = float(info.maxexp) - 1.0
        self.exp2 = _chebyshev(np.exp2, exp_degree, -0.5, 0.5)
        self.log1p = _chebyshev(_log1p_ratio, log_degree, 0.0, 1.0)


_FLOATS = {
    types.float32: _Float(ir.FloatType(), "f32", np.float32, 6, 8),
    types.float64: _Float(ir.DoubleType(), "f64", np.float64, 13, 21),
}


class Vector(types.Type):
    """Numba type of a SIMD vector."""

    def __init__(self, dtype: Any):
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Any):
        kind = _FLOATS[fe_type.dtype]
        super().__init__(dmm, fe_type, ir.VectorType(kind.llvm, kind.lanes))


def _add_operator(op: Any, instruction: str) -> None:
    class Template(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]:
                return signature(args[0], *args)
            return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args, flags=_FAST)

    infer_global(op)(Template)
    lower_builtin(op, Vector, Vector)(lower)


for _op, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _add_operator(_op, _instruction)


class _Emitter:
    """Emits vector arithmetic for one float type, of several vectors end to end."""

    def __init__(self, builder: Any, dtype: Any, vectors: int = 1):
        self.builder = builder
        self.kind = _FLOATS[dtype]
        self.lanes = vectors * self.kind.lanes
        self.type = ir.VectorType(self.kind.llvm, self.lanes)

    def constant(self, value: float) -> Any:
        return ir.Constant(self.type, [value] * self.lanes)

    def call(self, name: str, *args: Any) -> Any:
        function_type = ir.FunctionType(self.type, [self.type] * len(args))
        name = f"llvm.{name}.v{self.lanes}{self.kind.suffix}"
        function = cgutils.get_or_insert_function(self.builder.module, function_type, name)
        return self.builder.call(function, args)

    def splat(self, value: Any) -> Any:
        undefined = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.Constant(_I32, 0))
        zeros = ir.Constant(ir.VectorType(_I32, self.kind.lanes), [0] * self.kind.lanes)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def polynomial(self, coefficients: list[float], x: Any) -> Any:
        value = self.constant(coefficients[0])
        for c in coefficients[1:]:
            value = self.call("fma", value, x, self.constant(c))
        return value

    def at_least(self, x: Any, low: float) -> Any:
        # A comparison that lets a NaN through, one instruction; maxnum would swallow it.
        below = self.constant(low)
        return self.builder.select(self.builder.fcmp_ordered("<", x, below), below, x)

    def at_most(self, x: Any, high: float) -> Any:
        above = self.constant(high)
        return self.builder.select(self.builder.fcmp_ordered(">", x, above), above, x)

    def exp2(self, x: Any) -> Any:
        return self.exp2_below(self.at_most(x, self.kind.max_exponent))

    def exp2_below(self, x: Any) -> Any:
        """2**x = 2**rint(x) · 2**(x - rint(x)): a shift into the exponent, a polynomial.

        Adding 1.5 · 2**mantissa_bits rounds x to an integer and leaves that in the lowest bits.
        """
        return self.exp2_between(self.at_least(x, self.kind.min_exponent))

    def exp2_between(self, x: Any) -> Any:
        kind, builder = self.kind, self.builder
        magic = self.constant(1.5 * 2.0**kind.mantissa_bits)
        shifted = builder.fadd(x, magic)
        fraction = self.polynomial(kind.exp2, builder.fsub(x, builder.fsub(shifted, magic)))
        integer = ir.VectorType(ir.IntType(kind.bits), self.lanes)
        shift = ir.Constant(integer, [kind.mantissa_bits] * self.lanes)
        exponent = builder.shl(builder.bitcast(shifted, integer), shift)
        return builder.bitcast(builder.add(builder.bitcast(fraction, integer), exponent), self.type)

    def merge(self, a: Any, b: Any, stride: int) -> Any:
        """Add lanes ``stride`` apart: a's where lane & stride is 0, b's elsewhere."""
        lanes = self.kind.lanes

        def pick(own: bool) -> Any:
            index = []
            for lane in range(lanes):
                high = bool(lane & stride)
                source = lane if own else lane ^ stride
                index.append(source + lanes if high else source)
            mask = ir.Constant(ir.VectorType(_I32, lanes), index)
            return self.builder.shuffle_vector(a, b, mask)

        return self.builder.fadd(pick(True), pick(False))

    def exp_of_minus_abs(self, x: Any) -> Any:
        scaled = self.builder.fmul(self.call("fabs", x), self.constant(-1.0 / np.log(2.0)))
        return self.exp2_below(scaled)

    def softplus(self, x: Any) -> Any:
        """max(x, 0) + log1p(exp(-|x|)), accurate in both tails."""
        return self.softplus_and_slope(x)[0]

    def sigmoid(self, x: Any) -> Any:
        return self.softplus_and_slope(x)[1]

    def softplus_and_slope(self, x: Any) -> tuple[Any, Any]:
        # Both from one exponential; LLVM leaves out what nobody takes.
        builder = self.builder
        z = self.exp_of_minus_abs(x)
        log1p = builder.fmul(z, self.polynomial(self.kind.log1p, z))
        negative = builder.fcmp_ordered("<", x, self.constant(0.0))
        softplus = builder.fadd(builder.select(negative, self.constant(0.0), x), log1p)
        top = builder.select(negative, z, self.constant(1.0))
        return softplus, builder.fdiv(top, builder.fadd(z, self.constant(1.0)))

    def exp_minus(self, x: Any) -> Any:
        scaled = self.builder.fmul(x, self.constant(-1.0 / np.log(2.0)))
        limit = self.kind.max_exponent / 3
        return self.exp2_between(self.at_most(self.at_least(scaled, -limit), limit))

    def joined(self, a: Any, b: Any) -> Any:
        return self._lanes(a, b, 0, 2 * a.type.count)

    def part(self, x: Any, k: int) -> Any:
        return self._lanes(x, x, k * self.kind.lanes, self.kind.lanes)

    def _lanes(self, a: Any, b: Any, first: int, count: int) -> Any:
        index = ir.Constant(ir.VectorType(_I32, count), list(range(first, first + count)))
        return self.builder.shuffle_vector(a, b, index)

    def positive(self, x: Any) -> Any:
        above = self.builder.fcmp_ordered(">", x, self.constant(0.0))
        return self.builder.select(above, self.constant(1.0), self.constant(0.0))

    def rectified(self, x: Any) -> Any:
        above = self.builder.fcmp_ordered(">", x, self.constant(0.0))
        return self.builder.select(above, x, self.constant(0.0))

    def larger(self, x: Any, y: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered(">", x, y), x, y)

    def smaller(self, x: Any, y: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered("<", x, y), x, y)

    def equal(self, x: Any, y: Any) -> Any:
        same = self.builder.fcmp_ordered("==", x, y)
        return self.builder.select(same, self.constant(1.0), self.constant(0.0))


def _elementwise(name: str, doc: str) -> Any:
    def function(typingctx: Any, v: Any) -> Any:
        if not isinstance(v, Vector):
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return getattr(_Emitter(builder, v.dtype), name)(args[0])

        return v(v), codegen

    function.__name__ = name
    function.__doc__ = doc
    return intrinsic(function)


exp2 = _elementwise("exp2", "2**v; the result is clamped to the normal range.")
exp2_below = _elementwise("exp2_below", "2**v for v that is nowhere large; see exp2.")
softplus = _elementwise("softplus", "log(1 + exp(v)).")
sigmoid = _elementwise("sigmoid", "1 / (1 + exp(-v)).")
exp_minus = _elementwise(
    "exp_minus", "exp(-v), from a third of the smallest to one of the largest."
)
positive = _elementwise("positive", "1 where v > 0, else 0.")
rectified = _elementwise("rectified", "v where v > 0, else 0.")


def _pairwise(name: str, doc: str) -> Any:
    def function(typingctx: Any, v: Any, w: Any) -> Any:
        if not isinstance(v, Vector) or v != w:
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return getattr(_Emitter(builder, v.dtype), name)(*args)

        return v(v, w), codegen

    function.__name__ = name
    function.__doc__ = doc
    return intrinsic(function)


@intrinsic  # type: ignore[untyped-decorator]
def softplus_and_slope(typingctx: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Softplus of four vectors, and its slope, the sigmoid, of each: eight vectors.

    Their instructions take turns. One after the other, each vector's would wait for each other.
    """
    if not isinstance(a, Vector):
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emitter = _Emitter(builder, a.dtype, vectors=4)
        x = emitter.joined(emitter.joined(*args[:2]), emitter.joined(*args[2:]))
        parts = [emitter.part(y, k) for y in emitter.softplus_and_slope(x) for k in range(4)]
        return context.make_tuple(builder, sig.return_type, parts)

    return UniTuple(a, 8)(a, b, c, d), codegen


larger = _pairwise("larger", "The larger one in each lane.")
smaller = _pairwise("smaller", "The smaller one in each lane.")
equal = _pairwise("equal", "1 where v = w, else 0.")


@intrinsic  # type: ignore[untyped-decorator]
def splat(typingctx: Any, x: Any) -> Any:
    """Scalar x in every lane."""
    if x not in _FLOATS:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _Emitter(builder, x).splat(args[0])

    return Vector(x)(x), codegen


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    vector = _Emitter(builder, array_type.dtype).type
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
        return _Emitter(builder, p.dtype).splat(builder.load(builder.gep(data, [args[1]])))

    return Vector(p.dtype)(p, types.intp), codegen


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
        emitter = _Emitter(builder, p.dtype)
        lanes = emitter.kind.lanes
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1])
        rows = []
        for k in range(lanes):
            row = builder.load(builder.gep(pointer, [ir.Constant(_I32, k)]))
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
    lanes = _FLOATS[p.dtype].lanes

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(types.intp), lanes)

    return types.intp(p), codegen
