"""A causal network's steps, one after the other, in one pass over all of its layers.

For streams, where a step comes alone: not an operator of torch, without gradients and batches.
The definition is :class:`msssm_ts.model.recurrent_reference.RecurrentReference`.
"""
