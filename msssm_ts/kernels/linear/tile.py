"""A tile of a matrix product whose sums stay in registers, for numba.

The code is written out for each size of a tile, as numba would not keep sums in a list there.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.numpy_support import as_dtype

from msssm_ts.kernels.vector import LANES


def tile(rows: int, vectors: int) -> Any:
    """Make the jitted ``add(p, p_at, p_row, p_k, q, q_at, q_k, out, out_at, out_row, count)``.

    It adds Σₖ p[r, k] · q[k, v] to out[r, v], for ``rows`` r and ``vectors`` v of neighbouring
    columns; k counts to ``count``. ``p_row``, ``p_k``, ``q_k`` and ``out_row`` are the distances
    between neighbours in the flat arrays. Each sum is made in the order of k, whatever the tile.
    """

    def add(
        typingctx: Any, p: Any, p_at: Any, p_row: Any, p_k: Any, q: Any, q_at: Any, q_k: Any,
        out: Any, out_at: Any, out_row: Any, count: Any,
    ) -> Any:  # fmt: skip
        whole = types.intp
        sig = types.void(p, whole, whole, whole, q, whole, whole, out, whole, whole, whole)
        return sig, lambda *given: _emit(rows, vectors, *given)

    return intrinsic(add)


def _emit(rows: int, vectors: int, context: Any, builder: Any, sig: Any, args: Any) -> Any:
    p, p_at, p_row, p_k, q, q_at, q_k, out, out_at, out_row, count = args
    dtype = sig.args[0].dtype
    bytes_each = dtype.bitwidth // 8
    lanes = LANES[as_dtype(dtype)]
    number = context.get_value_type(dtype)
    vector = ir.VectorType(number, lanes)
    fma = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(vector, [vector] * 3),
        f"llvm.fma.v{lanes}f{dtype.bitwidth}",
    )
    index = ir.IntType(32)
    zeros = ir.Constant(ir.VectorType(index, lanes), [0] * lanes)

    def at(array_type: Any, array: Any, place: Any) -> Any:
        return builder.gep(context.make_array(array_type)(context, builder, array).data, [place])

    def vector_at(pointer: Any, v: int) -> Any:
        return builder.gep(
            builder.bitcast(pointer, vector.as_pointer()), [ir.Constant(index, v)]
        )

    def row(r: int, distance: Any) -> Any:
        return builder.mul(distance, ir.Constant(distance.type, r))

    targets = [
        [vector_at(at(sig.args[7], out, builder.add(out_at, row(r, out_row))), v)
         for v in range(vectors)]
        for r in range(rows)
    ]  # fmt: skip
    sums = [[cgutils.alloca_once(builder, vector) for _ in range(vectors)] for _ in range(rows)]
    for r in range(rows):
        for v in range(vectors):
            builder.store(builder.load(targets[r][v], align=bytes_each), sums[r][v])
    starts = [at(sig.args[0], p, builder.add(p_at, row(r, p_row))) for r in range(rows)]
    first = at(sig.args[4], q, q_at)
    with cgutils.for_range(builder, count) as loop:
        along = builder.gep(first, [builder.mul(loop.index, q_k)])
        columns = [builder.load(vector_at(along, v), align=bytes_each) for v in range(vectors)]
        step = builder.mul(loop.index, p_k)
        for r in range(rows):
            value = builder.load(builder.gep(starts[r], [step]))
            one = builder.insert_element(
                ir.Constant(vector, ir.Undefined), value, ir.Constant(index, 0)
            )
            value = builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)
            for v in range(vectors):
                total = builder.call(fma, [value, columns[v], builder.load(sums[r][v])])
                builder.store(total, sums[r][v])
    for r in range(rows):
        for v in range(vectors):
            builder.store(builder.load(sums[r][v]), targets[r][v], align=bytes_each)
    return context.get_dummy_value()
