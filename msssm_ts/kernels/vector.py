"""A SIMD vector as numba's type, its arithmetic, and the LLVM code of what is done with it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

# Channels per vector: 64 bytes.
LANES = {np.dtype(np.float32): 16, np.dtype(np.float64): 8}

# Products may go into sums (fma), but sums keep their order: one compiler must not round otherwise
# than the next. NaN and infinity keep their meaning.
_FAST = ("contract", "nsz")
I32 = ir.IntType(32)


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


FLOATS = {
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
        kind = FLOATS[fe_type.dtype]
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


class Emitter:
    """Emits vector arithmetic for one float type, of several vectors end to end."""

    def __init__(self, builder: Any, dtype: Any, vectors: int = 1):
        self.builder = builder
        self.kind = FLOATS[dtype]
        self.lanes = vectors * self.kind.lanes
        self.type = ir.VectorType(self.kind.llvm, self.lanes)

    def constant(self, value: float) -> Any:
        """Put the same number into every lane."""
        return ir.Constant(self.type, [value] * self.lanes)

    def call(self, name: str, *args: Any) -> Any:
        """One of LLVM's own functions of vectors."""
        function_type = ir.FunctionType(self.type, [self.type] * len(args))
        name = f"llvm.{name}.v{self.lanes}{self.kind.suffix}"
        function = cgutils.get_or_insert_function(self.builder.module, function_type, name)
        return self.builder.call(function, args)

    def splat(self, value: Any) -> Any:
        """Put a scalar into every lane."""
        undefined = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.kind.lanes), [0] * self.kind.lanes)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def polynomial(self, coefficients: list[float], x: Any) -> Any:
        """By Horner's rule, highest power first."""
        value = self.constant(coefficients[0])
        for c in coefficients[1:]:
            value = self.call("fma", value, x, self.constant(c))
        return value

    def at_least(self, x: Any, low: float) -> Any:
        """One comparison, which lets a NaN through; maxnum would swallow it."""
        below = self.constant(low)
        return self.builder.select(self.builder.fcmp_ordered("<", x, below), below, x)

    def at_most(self, x: Any, high: float) -> Any:
        """As :meth:`at_least`."""
        above = self.constant(high)
        return self.builder.select(self.builder.fcmp_ordered(">", x, above), above, x)

    def exp2(self, x: Any) -> Any:
        """2**x; the result is clamped to the normal range."""
        return self.exp2_below(self.at_most(x, self.kind.max_exponent))

    def exp2_below(self, x: Any) -> Any:
        """2**x for x that is nowhere large; see exp2."""
        return self.exp2_between(self.at_least(x, self.kind.min_exponent))

    def exp2_between(self, x: Any) -> Any:
        """2**x = 2**rint(x) · 2**(x - rint(x)): a shift into the exponent, a polynomial.

        Adding 1.5 · 2**mantissa_bits rounds x to an integer and leaves that in the lowest bits.
        """
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
            mask = ir.Constant(ir.VectorType(I32, lanes), index)
            return self.builder.shuffle_vector(a, b, mask)

        return self.builder.fadd(pick(True), pick(False))

    def exp_of_minus_abs(self, x: Any) -> Any:
        """exp(-|x|)."""
        scaled = self.builder.fmul(self.call("fabs", x), self.constant(-1.0 / np.log(2.0)))
        return self.exp2_below(scaled)

    def softplus(self, x: Any) -> Any:
        """log(1 + exp(x)), accurate in both tails."""
        return self.softplus_and_slope(x)[0]

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x))."""
        return self.softplus_and_slope(x)[1]

    def softplus_and_slope(self, x: Any) -> tuple[Any, Any]:
        """max(x, 0) + log1p(exp(-|x|)), and the sigmoid.

        Both from one exponential; LLVM leaves out what nobody takes.
        """
        builder = self.builder
        z = self.exp_of_minus_abs(x)
        log1p = builder.fmul(z, self.polynomial(self.kind.log1p, z))
        negative = builder.fcmp_ordered("<", x, self.constant(0.0))
        softplus = builder.fadd(builder.select(negative, self.constant(0.0), x), log1p)
        top = builder.select(negative, z, self.constant(1.0))
        return softplus, builder.fdiv(top, builder.fadd(z, self.constant(1.0)))

    def exp_minus(self, x: Any) -> Any:
        """exp(-x), from a third of the smallest to one of the largest."""
        scaled = self.builder.fmul(x, self.constant(-1.0 / np.log(2.0)))
        limit = self.kind.max_exponent / 3
        return self.exp2_between(self.at_most(self.at_least(scaled, -limit), limit))

    def joined(self, a: Any, b: Any) -> Any:
        """Put two end to end."""
        return self._lanes(a, b, 0, 2 * a.type.count)

    def part(self, x: Any, k: int) -> Any:
        """Take the k-th vector of several end to end."""
        return self._lanes(x, x, k * self.kind.lanes, self.kind.lanes)

    def _lanes(self, a: Any, b: Any, first: int, count: int) -> Any:
        index = ir.Constant(ir.VectorType(I32, count), list(range(first, first + count)))
        return self.builder.shuffle_vector(a, b, index)

    def positive(self, x: Any) -> Any:
        """1 where x > 0, else 0."""
        above = self.builder.fcmp_ordered(">", x, self.constant(0.0))
        return self.builder.select(above, self.constant(1.0), self.constant(0.0))

    def rectified(self, x: Any) -> Any:
        """Keep x where x > 0, else 0."""
        above = self.builder.fcmp_ordered(">", x, self.constant(0.0))
        return self.builder.select(above, x, self.constant(0.0))

    def larger(self, x: Any, y: Any) -> Any:
        """Take the larger one in each lane."""
        return self.builder.select(self.builder.fcmp_ordered(">", x, y), x, y)

    def smaller(self, x: Any, y: Any) -> Any:
        """Take the smaller one in each lane."""
        return self.builder.select(self.builder.fcmp_ordered("<", x, y), x, y)

    def below(self, x: Any, y: Any) -> Any:
        """Whether x < y in every lane; not where one is NaN."""
        kept = self.builder.fcmp_ordered("<", x, y)
        integer = ir.IntType(self.lanes)
        every = self.builder.bitcast(kept, integer)
        return self.builder.icmp_signed("==", every, ir.Constant(integer, -1))

    def magnitude(self, x: Any) -> Any:
        """|x|."""
        return self.call("fabs", x)

    def equal(self, x: Any, y: Any) -> Any:
        """1 where x = y, else 0."""
        same = self.builder.fcmp_ordered("==", x, y)
        return self.builder.select(same, self.constant(1.0), self.constant(0.0))
