"""An order of the variates, and the neighbours of each, from how much they have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
# Neighbours that a variate sees, the strongest ones.
N_NEIGHBOURS = 4
# Of the mean weight, between all: holds together what is in pieces.
_BETWEEN_PIECES = 1e-6


def seriation(weights: Matrix) -> NDArray[np.int64]:
    """Return an order in which variates that have much in common stand near each other.

    By the entries of the Fiedler vector, the eigenvector of the graph's Laplacian with the second
    smallest eigenvalue: Atkins, Boman, Hendrickson, "A spectral algorithm for seriation and the
    consecutive ones problem", SIAM J. Computing 1998. Of the two ways to read it, the one in which
    the first variate comes before the last.

    Parameters
    ----------
    weights : array of shape (V, V)
        Symmetric, none negative; the diagonal does not count.

    Examples
    --------
    A chain, 0 – 2 – 1 – 3:

    >>> chain = np.zeros((4, 4))
    >>> chain[[0, 2, 1], [2, 1, 3]] = 1
    >>> seriation(chain + chain.T)
    array([0, 2, 1, 3])
    """
    n = len(weights)
    if n < 3 or not weights.any():
        return np.arange(n)
    weights = weights * (1 - np.eye(n))
    weights = weights + _BETWEEN_PIECES * weights.mean() * (1 - np.eye(n))
    laplacian = np.diag(weights.sum(1)) - weights
    fiedler = np.linalg.eigh(laplacian)[1][:, 1]
    # What differs by rounding alone keeps its order.
    order = np.argsort(np.round(fiedler, 9), kind="stable")
    backward = np.argsort(np.round(-fiedler, 9), kind="stable")
    place = np.argsort(order)
    return order if place[0] < place[-1] else backward


def neighbours(weights: Matrix) -> Matrix:
    """Return each variate's weights of its strongest neighbours, their absolute values adding to 1.

    Parameters
    ----------
    weights : array of shape (V, V)
        Of the graph; a neighbour of negative weight counts with the opposite sign.

    Examples
    --------
    >>> neighbours(np.array([[1.0, 0.5, -0.5], [0.5, 1.0, 0.0], [-0.5, 0.0, 1.0]]))
    array([[ 0. ,  0.5, -0.5],
           [ 1. ,  0. ,  0. ],
           [-1. ,  0. ,  0. ]])
    """
    n = len(weights)
    kept = weights * (1 - np.eye(n))
    strength = np.abs(kept)
    if n > N_NEIGHBOURS + 1:
        ranks = np.argsort(np.argsort(-strength, axis=1, kind="stable"), axis=1)
        kept = np.where(ranks < N_NEIGHBOURS, kept, 0.0)
    total = np.abs(kept).sum(1, keepdims=True)
    kept /= np.where(total > 0, total, 1.0)
    return kept


def correlations(series: list[NDArray[np.floating]], variates: int) -> Matrix:
    """Return how variates go together over all series, (V, V), 1 on the diagonal.

    Parameters
    ----------
    series : sequence of arrays of shape (V · c, length)
        Standardised; NaN is a missing value and counts as the mean, 0.
    variates : int
        V.

    Examples
    --------
    >>> x = np.array([[1.0, -1.0, 0.0], [2.0, -2.0, 0.0], [0.0, 0.0, 0.0]])
    >>> correlations([x], 3)
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """
    products = np.zeros((variates, variates))
    for one in series:
        rows = np.nan_to_num(np.asarray(one, np.float64)).reshape(variates, -1)
        products += rows @ rows.T
    scale = np.sqrt(np.diag(products))
    norm = np.outer(scale, scale)
    found = products / np.where(norm > 0, norm, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def laid_out(weights: Matrix) -> tuple[NDArray[np.int64], Matrix]:
    """Return the order of variates by a graph, and by place the weights of their neighbours."""
    order = seriation(np.abs(weights))
    return order, neighbours(weights[np.ix_(order, order)])
