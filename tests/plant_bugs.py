"""Plant small bugs in a copy of the package, one at a time, and see that the tests find them.

Run by hand, from anywhere: ``python tests/plant_bugs.py [--only NAME] [--list]``. With ``--only``
those bugs whose names contain NAME. A bug that survives wants a test.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Bug(NamedTuple):
    """Replace ``before``, which occurs once in ``file``, by ``after``; ``tests`` then fail.

    ``tests`` are arguments of pytest: files, node ids, ``-k …``.
    """

    name: str
    file: str
    before: str
    after: str
    tests: str


IMPORTANCE, T_IMPORTANCE = "msssm_ts/analysis/importance/measure.py", "tests/test_importance.py"
CARD, T_CARD = "msssm_ts/analysis/card/facts.py", "tests/test_card.py"
T_PLOTS = "tests/test_plots.py"
MIRROR, T_STORES = "msssm_ts/datasets/stores/mirror.py", "tests/test_stores.py"
T_PARTS = "tests/test_part_files.py"
T_PLAN = "tests/test_plan.py"
LARGE_TEXT, T_LARGE_TEXT = "msssm_ts/datasets/tables/lazy_text.py", "tests/test_large_text.py"
LOOP, AUGMENT = "msssm_ts/training/loop.py", "msssm_ts/training/augmentation.py"
PROCESSES, T_SEVERAL = "msssm_ts/training/processes.py", "tests/test_distributed.py"
SHAPELETS, T_SHAPELETS = "msssm_ts/kernels/shapelets/cpu.py", "tests/test_shapelet_ridge.py"
COARSE = "msssm_ts/members/coarse_ridge/features.py"
T_COARSE = "tests/test_coarse_ridge.py"
SHAPELET_FEATURES = "msssm_ts/members/shapelet_ridge/features.py"
SCHEDULE, LOSS = "msssm_ts/training/schedule.py", "msssm_ts/training/loss.py"
BLOCK = "msssm_ts/model/block.py"
C_SOURCE, T_C = "msssm_ts/export/c/templates/source.c", "tests/test_export_c.py"
CLOSED_FORM = "msssm_ts/members/closed_form.py"
NORMAL_EQUATIONS = "msssm_ts/members/normal_equations.py"
DRAWN, T_DRAWN = "msssm_ts/model/drawn.py", "tests/test_drawn_network.py"
DRAWN_MEMBER = "msssm_ts/members/drawn_network/drawn_network.py"
THRESHOLD_POOLS = "msssm_ts/kernels/threshold_pools/cpu.py"
BATCHES, STREAMED = "msssm_ts/training/batches.py", "msssm_ts/training/streaming.py"
SERIES, TARGETS = "msssm_ts/series/standardizer.py", "msssm_ts/fitting/targets.py"
CHECKS, OUTLIERS = "msssm_ts/series/checks.py", "msssm_ts/series/outliers.py"
VALIDATION, MITBIH = "msssm_ts/fitting/split.py", "msssm_ts/datasets/named/mitbih.py"
RIDGE, POOLS = "msssm_ts/members/ridge.py", "msssm_ts/members/scan_ridge/features.py"
PROBLEM, FIT = "msssm_ts/members/problem.py", "msssm_ts/fitting/fit.py"
COURSE = "msssm_ts/fitting/course.py"
SHARE, T_PRESETS = "msssm_ts/fitting/share.py", "tests/test_presets.py"
PROBLEMS, APPLY = "msssm_ts/fitting/problems.py", "msssm_ts/preparation/apply.py"
WFDB_NOTES, JOINED = "msssm_ts/datasets/wfdb/annotations.py", "msssm_ts/datasets/signals/joined.py"
EDF_SIGNALS = "msssm_ts/datasets/edf/signals.py"
VOTE, UPGRADES = "msssm_ts/fitted/vote.py", "msssm_ts/fitted/upgrades.py"
SCAN_RIDGE = "msssm_ts/members/scan_ridge/scan_ridge.py"
GROWER, T_GROWER = "msssm_ts/kernels/extra_trees/cpu.py", "tests/test_kernel_extra_trees.py"
TREES = "msssm_ts/members/quantile_trees/trees.py"
QUANTILES, SKTIME = "msssm_ts/members/quantile_trees/quantiles.py", "msssm_ts/sktime.py"
NETWORK = "msssm_ts/members/network/settings.py"
FOLDS, ESTIMATE = "msssm_ts/members/folds.py", "msssm_ts/fitting/estimate.py"
INTERVALS, STRATA = "msssm_ts/fitted/intervals.py", "msssm_ts/members/strata.py"
DECISION, FIT_DECISION = "msssm_ts/fitted/decision.py", "msssm_ts/fitting/decision.py"
T_ROWS = "tests/test_rows.py"
UPDATE, LEARNED = "msssm_ts/updating/update.py", "msssm_ts/updating/learned.py"
SUMS_FILE, T_UPDATING = "msssm_ts/updating/files.py", "tests/test_updating.py"
T_RARE, T_POINTS = "tests/test_rare_classes.py", "tests/test_operating_points.py"
CLOSED, T_ESTIMATE = "msssm_ts/fitting/closed.py", "tests/test_estimate.py"
CHECKPOINT, T_RESUMING = "msssm_ts/fitting/checkpoint.py", "tests/test_resuming.py"
FILTERS, STEM = "msssm_ts/model/decomposition.py", "msssm_ts/model/stem.py"
ADAPTED, MATCHING = "msssm_ts/datasets/adapted.py", "msssm_ts/cli/given/matching.py"
PARTS_OF, OPTIONS = "msssm_ts/fitted/parts.py", "msssm_ts/datasets/options.py"
CLI_FIT, FILES = "msssm_ts/cli/fit/command.py", "msssm_ts/cli/shown/files.py"
PART_NAMES = "msssm_ts/datasets/parts.py"
CLASSIFIER, PARALLEL = "msssm_ts/model/classifier.py", "msssm_ts/kernels/parallel.py"
CORE, FILE = "msssm_ts/model/cores/core.py", "msssm_ts/fitted/model_file.py"
DECOMPOSE = "msssm_ts/kernels/decompose/cpu.py"
SCAN = "msssm_ts/kernels/selective_scan/cpu.py"
CHUNKS = "msssm_ts/kernels/selective_scan/cpu_chunks.py"
LINEAR = "msssm_ts/kernels/linear/cpu.py"
DECIMATE, PYRAMID = "msssm_ts/kernels/decimate/cpu.py", "msssm_ts/model/pyramid.py"
QUASISEPARABLE = "msssm_ts/model/quasiseparable.py"
TIMED_SCAN, T_TIMED_SCAN = "msssm_ts/kernels/timed_scan/cpu.py", "tests/test_timed_scan.py"
T_STAMPS = "tests/test_stamps.py -k masks_on"
GRID, T_GRID = "msssm_ts/preparation/grid.py", "tests/test_grid.py -k 'lines or kept or windows'"
T_DECIMATE = "tests/test_kernel_decimate.py -k weighted_mean"
T_PYRAMID = "tests/test_pyramid.py -k 'alone_and_padded or count_are_known'"
T_QUASISEPARABLE = "tests/test_quasiseparable.py -k 'dense or share'"
BY_STEPS, T_BY_STEPS = "msssm_ts/fitting/by_steps.py", "tests/test_by_steps.py"
ADJACENCY = "msssm_ts/members/network/adjacency.py"
PAIRS = "msssm_ts/kernels/ms_scan/cpu_pairs.py"
S4D, MODES = "msssm_ts/model/cores/s4d/core.py", "msssm_ts/model/cores/s4d/initialisation.py"
GRU_CPU = "msssm_ts/kernels/diagonal_recurrence/cpu_gru.py"
LSTM_CPU = "msssm_ts/kernels/diagonal_recurrence/cpu_lstm.py"
NEWTON, GATED = "msssm_ts/kernels/diagonal_recurrence/newton.py", "msssm_ts/model/cores/gated.py"
K_GATED = "tests/test_kernel_diagonal_recurrence.py"
MS_SCAN = "msssm_ts/kernels/ms_scan/cpu_backward.py"
CACHE, TRUST = "msssm_ts/kernels/compiled_cache.py", "msssm_ts/kernels/trust.py"
CONSOLE, TABLES = "msssm_ts/cli/shown/console.py", "msssm_ts/cli/shown/tables.py"
CSV = "msssm_ts/cli/shown/csv_text.py"
TENSOR_FILE, STRICT = "msssm_ts/fitted/tensor_file.py", "msssm_ts/fitted/strict_json.py"
FOREST = "msssm_ts/members/quantile_trees/forest.py"
BESIDE_FOREST, BESIDE_MEMBER = "msssm_ts/beside/forest.py", "msssm_ts/beside/member.py"
T_BESIDE = "tests/test_beside.py"
GPU_FILTERS = "msssm_ts/kernels/decompose/triton.py"
GPU_SCAN = "msssm_ts/kernels/ms_scan/triton_backward.py"
GPU_TILES = "msssm_ts/kernels/selective_scan/triton.py"
GPU_HOST = "msssm_ts/kernels/ms_scan/triton.py"
GPU_PAIRS = "msssm_ts/kernels/ms_scan/triton_pairs.py"
GPU_TURNS = "msssm_ts/kernels/selective_scan/triton_pairs.py"
GPU_FORWARD = "msssm_ts/kernels/ms_scan/triton_forward.py"

DASK, T_DASK = "msssm_ts/workers/dask_cluster.py", "tests/test_dask.py"
IDENTITY, KEEPING = "msssm_ts/fitting/identity.py", "msssm_ts/training/keeping.py"
CHECKPOINT, RUN_FOLDER = "msssm_ts/fitting/checkpoint.py", "msssm_ts/cli/fit/run_folder.py"
RESUMING, ATOMIC = "msssm_ts/cli/fit/resuming.py", "msssm_ts/atomic.py"
CROSSVAL, CV_RUN = "msssm_ts/cli/crossval/command.py", "msssm_ts/cli/crossval/run.py"
CV_FOLDS, CV_SCORES = "msssm_ts/cli/crossval/folds.py", "msssm_ts/cli/crossval/scores.py"
CONFIG, T_CONFIG = "msssm_ts/cli/given/config.py", "tests/test_config.py"
T_CROSSVAL = "tests/test_crossval.py"
CV_PARTS, CV_CURVE = "msssm_ts/cli/crossval/parts.py", "msssm_ts/cli/crossval/curve.py"
TUNE_SEARCH, TUNE_CHOICES = "msssm_ts/cli/tune/search.py", "msssm_ts/cli/tune/choices.py"
TUNE, T_TUNE, T_CURVE = (
    "msssm_ts/cli/tune/command.py",
    "tests/test_tune.py",
    "tests/test_learning_curve.py",
)
FIT_NOTES, PREPARING = "msssm_ts/fitting/notes.py", "msssm_ts/cli/fit/preparing.py"
PROBE = "msssm_ts/datasets/probe.py"
MEMORY, LOAD = "msssm_ts/datasets/memory.py", "msssm_ts/datasets/load.py"
DAMAGE, ZIPPED = "msssm_ts/datasets/damage.py", "msssm_ts/datasets/zipped.py"
NUMPY_FILES = "msssm_ts/datasets/arrays/numpy_files.py"
HDF5_SIZES = "msssm_ts/datasets/arrays/hdf5_sizes.py"
MAT5 = "msssm_ts/datasets/arrays/mat5.py"
NOTES_FILE = "msssm_ts/datasets/wfdb/annotation_file.py"
HUFFMAN, SCP = "msssm_ts/datasets/scp/huffman.py", "msssm_ts/datasets/scp/reader.py"
MFER, MFER_TAGS = "msssm_ts/datasets/mfer/reader.py", "msssm_ts/datasets/mfer/tags.py"
XLI, PHILIPS = "msssm_ts/datasets/xml_ecg/xli.py", "msssm_ts/datasets/xml_ecg/philips.py"
ABOUT, COMMENTS = "msssm_ts/datasets/signals/about.py", "msssm_ts/datasets/wfdb/comments.py"

DUPLICATES, DIGEST = "msssm_ts/analysis/data/duplicates.py", "msssm_ts/analysis/data/digest.py"
T_CHECK = "tests/test_data_check.py"
LABEL_ERRORS = "msssm_ts/analysis/data/label_errors.py"
T_LABEL_ERRORS, T_UNKNOWN = "tests/test_label_errors.py", "tests/test_unknown.py"
T_SIMILAR, T_MOTIFS = "tests/test_similar.py", "tests/test_motifs.py"
T_EXPERTS, T_WORKSPACE = "tests/test_experts.py", "tests/test_workspace.py"
COVERAGE, T_COVERAGE = "msssm_ts/fitted/coverage.py", "tests/test_coverage.py"

# Without the tests that train for longer.
T_MATCHING, T_READERS = "tests/test_matching.py", "tests/test_reader_options.py"
T_CLI = "tests/test_mistakes.py -k 'here.csv or force'"
T_LIMITS = "tests/test_data_limits.py -x -k 'not broken_files and not little_memory'"
T_LIMITS_HDF5 = "tests/test_data_limits.py -k not_end"
T_RESUMING = "tests/test_resuming.py"
T_SOUND, T_ADAPTED = (
    "tests/test_sound_cases.py tests/test_sound_folders.py",
    "tests/test_ecg_cases.py",
)
T_AUGMENT = "tests/test_augmentation.py"
T_PADDING = "tests/test_prepared_training.py -k padding"
T_TRAINING = "tests/test_training.py -k 'not logits_come and not epoch_are_kept'"
T_ECG, T_EDF = "tests/test_ecg_cases.py tests/test_wfdb.py", "tests/test_edf.py"
T_FORMATS = "tests/test_formats.py"
T_MODEL = "tests/test_model.py -k 'not compile_and and not networks_agree and not batched'"
T_TENSORS, T_MODEL_FILE = "tests/test_tensor_file.py", "tests/test_model_file.py -k 'not commands'"
T_TARGETS = "tests/test_targets.py -k 'not at_once and not survive and not move and not absence'"
T_SERIES, T_VALIDATION = "tests/test_series.py", "tests/test_validation.py"
T_NAMED = "tests/test_named_data.py::test_the_inter_patient_split_is_the_printed_one"
T_STREAMED = "tests/test_prepared_training.py::test_windows_of_a_series_come_close_together"
T_VOTERS, T_SKTIME = "tests/test_voters.py", "tests/test_sktime.py -k see_a_network"
T_FITTING, T_GOLDEN = "tests/test_fitting.py", "tests/test_golden.py -k schema3"
T_BUDGET = "tests/test_presets.py::test_a_time_budget_shortens_training"
T_PARALLEL = "tests/test_parallel.py::test_split_balances_costs"
T_CACHE = "tests/test_compiled_cache.py -k 'not same_bits and not one_line'"
T_NAMES, T_DISK = "tests/test_hostile_names.py", "tests/test_disk_full.py"
K_DECOMPOSE = "tests/test_kernel_decompose.py::test_gradcheck"
K_DECOMPOSE_LONG = "tests/test_kernel_decompose.py::test_agrees_with_reference"
K_SCAN = "tests/test_kernel_selective_scan.py::test_gradcheck"
K_MS_SCAN = "tests/test_kernel_ms_scan.py::test_gradcheck"
K_PAIRS = "tests/test_kernel_ms_scan_pairs.py::test_gradcheck"
T_EXPORT_FORM = "tests/test_core_registry.py::test_the_export_form_is_the_sum_of_the_layers"
GPU = "tests/test_triton_interpreter.py -k 'test_precision_double or test_contract_two'"
GPU_LTI = "tests/test_triton_interpreter.py -k 'test_full_card and lti'"
GPU_EDGES = "tests/test_triton_interpreter.py -k test_options"
T_GPU_PAIRS = "tests/test_triton_interpreter.py -k test_options_pairs"
CONTEXT, MORPHOLOGY = "msssm_ts/datasets/wfdb/context.py", "msssm_ts/datasets/wfdb/morphology.py"
EC57, T_EC57 = "msssm_ts/analysis/results/ec57.py", "tests/test_ec57.py -k 'not evaluate'"
T_BEATS = "tests/test_beat_features.py"
DETECTION, RHYTHM = "msssm_ts/annotation/detection.py", "msssm_ts/annotation/rhythm.py"
T_ANNOTATE = "tests/test_annotate.py"

# fmt: off
T_SERVE = "tests/test_serve.py -k 'not browser and not port'"
PREDICTING, ROW_FILES = "msssm_ts/cli/predict/predicting.py", "msssm_ts/cli/predict/row_files.py"
T_PATHS, TRACKER, T_TRACKING = (
    "tests/test_predict_paths.py", "msssm_ts/tracking/tracker.py", "tests/test_tracking.py"
)

BUGS = [Bug(*row) for row in (
    ("several networks: the second has no less time than it takes", BY_STEPS,
     "took > seconds", "took < 0", T_BY_STEPS),
    ("several networks: none is given up", BY_STEPS,
     "if not named and i + 1 < n and _is_in_vain", "if False and _is_in_vain", T_BY_STEPS),
    ("several networks: who is cut short is lost", BY_STEPS,
     "into.append(error.partial)", "pass", T_BY_STEPS),
    ("several networks: named ones share no time", BY_STEPS,
     "seconds /= n - i + sum(numbers[k + 1 :])", "pass", T_BY_STEPS),
    ("presets: the encoder is drawn on three fifths", "msssm_ts/members/presets.py",
     'Seat("encoder_ridge", prior=0.4)', 'Seat("encoder_ridge", prior=1.0)', T_PRESETS),
    ("adjacency: rows of no channel are not named", ADJACENCY,
     "dict.fromkeys([*rows, *of_channels])", "dict.fromkeys(of_channels)",
     "tests/test_variates.py -k the_data_has_not"),
    ("pyramid: one layer says nothing", NETWORK,
     'parameters["n_layers"] == 1', 'parameters["n_layers"] == 0',
     "tests/test_pyramid.py -k one_layer"),
    ("decimate: taps lie one step off", DECIMATE,
     "start = FACTOR * i - REACH", "start = FACTOR * i - REACH + 1", T_DECIMATE),
    ("decimate: gradients lack the last neighbour", DECIMATE,
     "(t + REACH) // FACTOR + 1)", "(t + REACH) // FACTOR)", T_DECIMATE),
    ("decimate: weights of what does not count are lost", "msssm_ts/kernels/decimate/reference.py",
     "taps.sum(-1, keepdim=True).clamp(min=1.0)", "weights.sum()", T_DECIMATE),
    ("pyramid: steps behind a series count", CLASSIFIER,
     "seen = None if observed is None else counted", "seen = observed", T_PYRAMID),
    ("pyramid: lengths are rounded down", PYRAMID,
     "lengths = (lengths + 1) // 2", "lengths = lengths // 2", T_PYRAMID),
    ("pyramid: both steps of a pair have to be observed", PYRAMID,
     "pairs[:, 0:l:2] | pairs", "pairs[:, 0:l:2] & pairs", T_PYRAMID),
    ("pyramid: what is not observed is projected", BLOCK,
     "pairs(y if observed is None else y * observed)", "pairs(y)", T_PYRAMID),
    ("quasiseparable: the gate is the next step's", QUASISEPARABLE,
     "layer(x, later(gate, -step), lengths, times)", "layer(x, gate, lengths, times)",
     T_QUASISEPARABLE),
    ("quasiseparable: a direction sees the step itself", QUASISEPARABLE,
     "functional.pad(x, (0, 0, steps, -steps))", "x", T_QUASISEPARABLE),
    ("quasiseparable: eigenvalues are not shared", QUASISEPARABLE,
     "setattr(backward.ssm, name, getattr(forward.ssm, name))", "pass", T_QUASISEPARABLE),
    ("schema 10: a file's own settings are overwritten", UPGRADES,
     '{**new, **member["facts"]["config"]}', '{**member["facts"]["config"], **new}',
     "tests/test_golden.py -k 'network_pyramid or network_quasiseparable'"),
    ("timed scan: A's gradient lacks the gap", TIMED_SCAN,
     "(times * both).sum(0)", "both.sum(0)", T_TIMED_SCAN),
    ("timed scan: a complex mode turns the other way", TIMED_SCAN,
     "size * torch.sin(turn)", "-size * torch.sin(turn)", T_TIMED_SCAN),
    ("stamps: a long gap is one of the step's own Δ", "msssm_ts/model/cores/s6/core.py",
     "self.initial_step * (gaps - 1)", "own * (gaps - 1)", T_STAMPS),
    ("stamps: backward, a gap is the one behind", CORE,
     "-reverse_valid(times, lengths)", "reverse_valid(times, lengths)", T_STAMPS),
    ("stamps: of the training series alone", "msssm_ts/estimator/features.py",
     ".transform(X, times=times)", ".transform(X)", "tests/test_checkers.py -k reach_every"),
    ("stamps: the adapter asks without", "msssm_ts/sktime.py",
     "_stamps(X, self.estimator_.model_.needs_times)", "None", "tests/test_checkers.py -k index"),
    ("stamps: who asks is not told that they are left out", "msssm_ts/estimator/asking.py",
     "        warn_caller(line)\n", "        pass\n", "tests/test_checkers.py -k 'warn'"),
    ("stamps: even ones are told of, too", "msssm_ts/fitted/told.py",
     "if acts or not uneven_step(times):", "if acts:", "tests/test_checkers.py -k 'warned'"),
    ("stamps: a warning is the package's own", "msssm_ts/warned.py",
     "level, frame = level + 1, frame.f_back", "frame = frame.f_back",
     "tests/test_checkers.py -k 'warned'"),
    ("stamps: an even index counts", "msssm_ts/sktime.py",
     "return stamps if wanted or uneven_step(stamps) else None", "return stamps",
     "tests/test_checkers.py -k left_out"),
    ("grid: it begins at zero", GRID, "wanted = times[0] + step", "wanted = step", T_GRID),
    ("grid: samples at one time add up", GRID,
     "np.bincount(place, values[known]) / np.bincount(place)",
     "np.bincount(place, values[known])", T_GRID),
    ("grid: the stamps of the samples stay", APPLY,
     "        times = None\n", "        pass\n", T_GRID),
    ("stores: a changed file is not fetched again", MIRROR,
     "!= (file.size, file.stamp) or", "is None or", T_STORES),
    ("stores: what the store has no more stays", MIRROR,
     "file.unlink(missing_ok=True)", "pass", T_STORES),
    ("stores: a short file counts", MIRROR,
     "if file.size is not None and n_bytes != file.size:", "if False:", T_STORES),
    ("stores: names with .. are kept", "msssm_ts/datasets/stores/listing.py",
     'any(s in ("..", ".") for s in steps)', "False", T_STORES),
    ("stores: the disk may be filled", MIRROR, "if wanted + _SPARE > free:", "if False:", T_STORES),
    ("parts: ids of folders are one", "msssm_ts/datasets/tables/part_files.py",
     "if identifier is None or identifier in by or not by:", "if True:", T_PARTS),
    ("prepared: places on disk count values, not bytes", "msssm_ts/series/on_disk.py",
     "begin += one.nbytes", "begin += one.size",
     "tests/test_prepared_training.py -k kept_prepared"),
    ("prepared: a part of the series learns from the first ones", "msssm_ts/fitting/problems.py",
     "take(self.ready, index)", "take(self.ready, np.arange(len(index)))",
     "tests/test_prepared_training.py -k kept_prepared"),
    ("windows: what members told of windows stays so when a fit is cut short",
     "msssm_ts/fitting/course.py",
     """            finally:
                closed[:] = told_by_series(closed, asking, split.keep, n_series)
""",
     """            except ValueError:
                closed[:] = told_by_series(closed, asking, split.keep, n_series)
""",
     "tests/test_prepared_training.py -k cut_short"),
    ("sound: few clips get no network", "msssm_ts/fitting/course.py",
     "share, self.left_out = SHARE_OF_SOUND, None", "self.by_steps = ()",
     "tests/test_presets.py -k of_sound"),
    ("sound: the rest of a vote speaks for all of it", "msssm_ts/fitted/vote.py",
     "if sum(weight for _, weight in told) < _ENOUGH * sum(self.weights):", "if not told:",
     "tests/test_presets.py -k of_sound"),
    ("prepared: a full disk ends the fit", "msssm_ts/fitting/kept.py",
     "except WritingError as error:", "except InterruptedError as error:",
     "tests/test_prepared_training.py -k fills_up"),
    ("parts: rows of another part are read", "msssm_ts/datasets/tables/lazy_parquet.py",
     "inside = kept[(kept >= first) & (kept < first + n_rows)] - first",
     "inside = np.arange(n_rows)", T_PARTS),
    ("parts: row groups are never thrown away", "msssm_ts/datasets/tables/lazy_rows.py",
     "while len(self.held) > 1 and self._size > self.most:", "while False:", T_PARTS),
    ("large text: rows of another part are read", LARGE_TEXT,
     "inside = kept[begin:end] - first", "inside = np.arange(n_rows)[: end - begin]", T_LARGE_TEXT),
    ("large text: empty rows are series", LARGE_TEXT,
     "empty = is_blank(rows) & keyless[begin:end]", "empty = np.zeros(len(rows), bool)",
     T_LARGE_TEXT),
    ("large text: what pandas reads is read by pyarrow", LARGE_TEXT,
     "if column not in texts if comma else not table.is_plain(column):", "if False:",
     T_LARGE_TEXT),
    ("large text: a changed file is read on", "msssm_ts/datasets/tables/spans.py",
     "if zlib.crc32(data) != self.checksum:", "if False:", T_LARGE_TEXT),
    ("large text: cells may go on in the next line", "msssm_ts/datasets/tables/spans.py",
     """if b'"' in data and any""", """if False and any""", T_LARGE_TEXT),
    ("plan: a step keeps half as much", "msssm_ts/training/footprint.py",
     "peak = _KEPT * all_kept", "peak = _KEPT * all_kept / 2", T_PLAN),
    ("plan: a last batch that is not full takes no time", "msssm_ts/members/network/need.py",
     "-(-len(problem) // settings.batch_size)", "(len(problem) // settings.batch_size)", T_PLAN),
    ("plan: training beyond max_memory is not said", "msssm_ts/fitting/plan.py",
     "beyond(by_steps),", "(),", T_PLAN),
    ("cluster: who is lost while it answers is not said", "msssm_ts/fitted/shared.py",
     "asked_workers(cluster, reporter.say)", "asked_workers(cluster, lambda line: None)",
     "tests/test_dask.py"),
    ("stored: padding is kept", "msssm_ts/datasets/arrays/stored.py",
     "series: Series = self.cube(place, place + 1)[0, :, :length]",
     "series: Series = self.cube(place, place + 1)[0]", T_PARTS),
    ("stored: other channels are read", "msssm_ts/datasets/arrays/stored.py",
     "series[list(self.channels)]", "series[: len(self.channels)]", T_PARTS),
    # The server
    ("served: answers of others", "msssm_ts/serving/batching.py",
     "return list(np.split(proba, ends[:-1]))", "return list(np.split(proba, ends[:-1]))[::-1]",
     T_SERVE),
    ("served: one spoils all", "msssm_ts/serving/batching.py",
     "return [self._alone(one) for one in series]", "raise", T_SERVE),
    ("served: twice the limit", "msssm_ts/serving/guard.py", "if count > largest:",
     "if count > 2 * largest:", T_SERVE),
    ("served: files of the machine", "msssm_ts/serving/uploads.py", ".is_relative_to(folder) for",
     ".exists() for", T_SERVE),
    ("served: streams stay open", "msssm_ts/serving/streams.py", "self._open -= 1", "pass",
     T_SERVE),
    ("served: another series is shown", "msssm_ts/serving/app.py",
     "index = terminal.find(asked.series, asked.chosen)", "index = 0", T_SERVE),
    # Many files at once
    ("paths: files of other rates together", PREDICTING, "and _kind(series) == _kind(first)", "",
     T_PATHS),
    ("paths: a batch without end", PREDICTING, "sum(map(_size, every)) <= _VALUES", "True",
     T_PATHS),
    ("paths: one spoils its batch", PREDICTING, "if len(held) == 1:\n                self",
     "if held:\n                self", T_PATHS),
    ("paths: what comes before an error is lost", PREDICTING,
     "# What comes before it is kept.\n                yield from self._together(held)", "pass",
     T_PATHS),
    ("paths: another model's rows", ROW_FILES, "if other != model:", "if False:", T_PATHS),
    ("paths: rows before are dropped", "msssm_ts/cli/predict/output.py",
     "file if goes_on else None, table", "None, table", T_PATHS),
    ("paths: tables are recordings", "msssm_ts/datasets/sources.py",
     "if f not in tables and f not in notes)", "if f not in notes)", T_PATHS),
    ("paths: six digits in files", "msssm_ts/cli/predict/paths.py",
     "digits = None if output.file is not None else SHOWN_DIGITS", "digits = SHOWN_DIGITS",
     T_PATHS),
    # Logs of experiments
    ("log: a second network runs on", TRACKER, "self._network += 1", "pass", T_TRACKING),
    ("log: points of every step", TRACKER, "if not progress.is_epoch_end:", "if False:",
     T_TRACKING),
    ("log: no scores", TRACKER, "if scores:", "if False:", T_TRACKING),
    ("log: a broken log stops the fit", TRACKER, "del self._logs[name]", "raise", T_TRACKING),
    # Fits that are cut short
    ("resumed: the epoch's first batch state", LOOP, "if kept is not None and at.n_batches:",
     "if kept is not None:", T_RESUMING),
    ("resumed: batches again", LOOP, "order[at.n_batches :]", "order", T_RESUMING),
    ("resumed: a fresh optimiser", LOOP, "restore_optimizer(optimizer,", "dict(", T_RESUMING),
    ("resumed: other dropout", LOOP, "        restore_random(self.network, part(\"random\"))\n",
     "", T_RESUMING),
    ("resumed: best weights forgotten", LOOP, "self._best_weights = best or None",
     "self._best_weights = None", T_RESUMING),
    ("resumed: best loss forgotten", LOOP, "if facts[\"best_loss\"] is not None:", "if False:",
     T_RESUMING),
    ("resumed: finished members fitted again", COURSE,
     "if found is not None:\n                return",
     "if found is False:\n                return", T_RESUMING),
    ("resumed: a new seed", "msssm_ts/fitting/begin.py", "if kept is None else kept",
     "if True else kept", T_RESUMING),
    ("resumed: other series taken", IDENTITY, "if kept[\"data\"][part] != value:", "if False:",
     T_RESUMING),
    ("resumed: other settings taken", IDENTITY, "if mine != before:", "if False:", T_RESUMING),
    ("a signal keeps nothing", LOOP, "asked or self.keeper.is_due()", "self.keeper.is_due()",
     T_RESUMING),
    ("a second signal is held up", KEEPING, "if len(self._pending) > 1:", "if False:", T_RESUMING),
    ("checkpoints as often as can be", CHECKPOINT, "min(self._costs[-3:]) / _SHARE", "0.0",
     T_RESUMING),
    ("a full disk ends a fit", CHECKPOINT, "        except WritingError as error:\n            if",
     "        except KeyError as error:\n            if", T_RESUMING),
    ("a part replaces a model", RUN_FOLDER, "if (checkpoint.call or {}).get(\"replaces\"):",
     "if False:", T_RESUMING),
    ("a fit that was cut short is forgotten", RUN_FOLDER,
     "if checkpoint.has_work and not force and not call.is_resumed:", "if False:", T_RESUMING),
    ("other options taken", RESUMING, "if said and not _is_same(", "if False and not _is_same(",
     T_RESUMING),
    ("half written files stay", ATOMIC, "    finally:\n        temporary.unlink(", "    finally:\n"
     "        (lambda **_: None)(", T_RESUMING),
    ("parts of the living removed", ATOMIC, "        except ProcessLookupError:\n",
     "        except BaseException:\n", T_RESUMING),
    ("HDF5 waits for ever", PROBE, "            clock.start()\n", "", T_LIMITS_HDF5),
    # Training
    ("mixup: one label", LOOP, "(1 - share, index[other])", "(1 - share, index)", T_TRAINING),
    ("masks: of the longest's length", AUGMENT, "self._hidden(steps, l, drawn(2))",
     "self._hidden(torch.full_like(steps, l), l, drawn(2))", T_AUGMENT),
    ("masks: bands stay", AUGMENT, "hidden_steps[:, :, None] | hidden_values[:, None]",
     "hidden_steps[:, :, None].expand_as(x)", T_AUGMENT),
    ("warp: rows of the first series", AUGMENT, "(first + chosen).flatten()",
     "(0 * first + chosen).flatten()", T_AUGMENT),
    ("read ahead: the first is lost", "msssm_ts/kernels/parallel.py",
     "        coming = maker.submit(next, items, end)\n        while",
     "        coming = maker.submit(next, items, end)\n        coming.result()\n"
     "        coming = maker.submit(next, items, end)\n        while", "tests/test_parallel.py"),
    ("numbers of series: the last are lost", "msssm_ts/series/fingerprints.py",
     "        found.extend(number.result() for number in waiting)\n", "", "tests/test_matching.py"),
    ("quantiles: pieces all at the first place",
     "msssm_ts/members/quantile_trees/quantiles.py", "features[some, begin:end]",
     "features[: len(some), begin:end]", "tests/test_voters.py -k quantiles"),
    ("a cluster prepares again", "msssm_ts/fitting/kept.py",
     "    if not workers.can_read(Prepared.of(series)):\n        return None",
     "    if not isinstance(workers, Here):\n        return None", "tests/test_dask.py"),
    ("some of none vote", "msssm_ts/fitting/course.py", " if vote.of_kind(kind)", "",
     "tests/test_by_steps.py"),
    ("many series: as few steps as ever", "msssm_ts/members/network/recipe.py",
     "n_steps < N_PASSES * each", "False", "msssm_ts/members/network/recipe.py"),
    ("warp: padding moves", AUGMENT,
     "torch.where(place <= last, torch.minimum(source, last), place)",
     "torch.minimum(source, last)", T_AUGMENT),
    ("warp: only faster", AUGMENT, "(2 * drawn - 1) * math.log1p",
     "drawn * math.log1p", T_AUGMENT),
    ("narrow: the lower bands", AUGMENT, "(band >= (0.5 + 0.5 * top) * self.bands)",
     "(band < (0.5 - 0.5 * top) * self.bands)", T_AUGMENT),
    ("processes: parts weigh alike", LOOP, "own_loss * (part.n / len(index))",
     "own_loss * (1 / self.processes.count)", T_SEVERAL),
    ("processes: gradients of one's own", LOOP, "        processes.add_up(", "        list(",
     T_SEVERAL),
    ("processes: the last decides", PROCESSES, "(held, src=0)", "(held, src=self.count - 1)",
     T_SEVERAL),
    ("processes: all series", PROCESSES, "return Part(rows, len(rows)) if len(rows)",
     "return Part(torch.arange(len(lengths)), len(lengths)) if len(rows)", T_SEVERAL),
    ("processes: a loss is no sentence", PROCESSES, "RuntimeError as error:\n        raise P",
     "ZeroDivisionError as error:\n        raise P", T_SEVERAL),
    ("processes: dealt by number", PROCESSES, "(i + 1 - begin) * length > most",
     "i + 1 - begin > -(-len(steps) // count)", T_SEVERAL),
    ("processes: drawn for the part", AUGMENT, "of_all, generator=generator)[..., own]",
     "b, generator=generator)", T_SEVERAL),
    ("processes: padding of others", "msssm_ts/training/batches.py", "else int(lengths.max())",
     "else self.x.shape[1]", T_SEVERAL),
    ("bank: not varied behind", LOOP,
     "self.augmentation.vary(given, lengths, generator, timed, rows_of)", "given", T_AUGMENT),
    ("bank: varied in evaluation, too", "msssm_ts/training/bank.py", "        hook.remove()\n",
     "        pass\n", T_AUGMENT),
    ("spectra: padding seen", STEM, "x = functional.pad(x, (0, 0, 0, SPECTRUM_STRIDE - 1))",
     "x = functional.pad(x, (0, 0, 0, -l % SPECTRUM_STRIDE + SPECTRUM_STRIDE), value=1.0)",
     T_PADDING),
    ("spectra: mean over the padding", STEM, "x - total / lengths[:, None, None]",
     "x - total / x.shape[1]", T_PADDING),
    ("shift: mask stays", AUGMENT, "observed.gather(1, source)", "observed", T_TRAINING),
    ("best by smoothed loss", LOOP, "replace(self.loss, label_smoothing=0.0)", "self.loss",
     T_TRAINING),
    ("validation weights ignored", LOOP,
     "loss(logits, validation.targets, validation.weights)", "loss(logits, validation.targets)",
     T_TRAINING),
    ("training weights ignored", LOOP, "None if train.weights is None else", "None if True else",
     T_TRAINING),
    ("no clipping", LOOP, "network.parameters(), self.settings.clip_norm",
     "network.parameters(), float('inf')", T_TRAINING),
    ("schedule never steps", LOOP, "set_rates(self.n_steps)", "set_rates(0)", T_TRAINING),
    ("patience one longer", LOOP, "waited >= settings.patience", "waited > settings.patience",
     T_TRAINING),
    ("in vain asked too late", LOOP, "epoch in (part, 2 * part)", "epoch in (part + 1, 2 * part)",
     T_TRAINING),
    ("in vain asked once", LOOP, "epoch in (part, 2 * part)", "epoch == part", T_TRAINING),
    ("in vain not heeded", LOOP, "if self._given_up or tired", "if tired", T_TRAINING),
    ("max_seconds ignored", LOOP, "if settings.max_seconds is not None:", "if False:", T_TRAINING),
    ("no warm-up", SCHEDULE, "return (step + 1) / n_warmup", "return 1.0", T_TRAINING),
    ("warm-up from zero", SCHEDULE, "(step + 1) / n_warmup", "step / n_warmup", T_TRAINING),
    ("cosine upside down", SCHEDULE, "1 + math.cos", "1 - math.cos", T_TRAINING),
    ("no floor", SCHEDULE, "return floor + (1 - floor) *", "return", T_TRAINING),
    ("filters decay", SCHEDULE, "or id(parameter) in filters", "", T_MODEL),
    ("φ decays", SCHEDULE, "map(id, module.parameters())", "[id(module.psi)]", T_MODEL),
    ("ψ decays", SCHEDULE, "map(id, module.parameters())", "[id(module.phi)]", T_MODEL),
    ("SSM parameters decay", SCHEDULE, '"lr": ssm_learning_rate, "weight_decay": 0.0',
     '"lr": ssm_learning_rate, "weight_decay": weight_decay', T_MODEL),
    ("SSM parameters at the main rate", SCHEDULE, '"lr": ssm_learning_rate', '"lr": learning_rate',
     T_MODEL),
    ("a core's parameters decay", CORE, "return self.parameters(recurse=False)", "return []",
     T_MODEL),
    ("maps of S6 at the state-space rate", CORE, "return self.parameters(recurse=False)",
     "return self.parameters()", T_MODEL),
    ("stock AdamW", SCHEDULE, "return _AdamW(", "return torch.optim.AdamW(", T_MODEL),
    ("smoothing twice", LOSS, "smooth / 2", "smooth", T_TRAINING),
    ("no smoothing", LOSS, "label_smoothing=self.label_smoothing", "label_smoothing=0.0",
     T_TRAINING),
    ("positive weight ignored", LOSS, "pos_weight=self.positive_weight", "pos_weight=None",
     T_TRAINING),
    ("weights ignored in the loss", LOSS, "if weights is None else", "if True else", T_TRAINING),
    ("padding counted", BATCHES, "torch.tensor(sizes)", "torch.full((len(sizes),), max(sizes))",
     T_TRAINING),
    ("last partial batch dropped", BATCHES, "batches = list(torch.split(order, batch_size))",
     "batches = [b for b in torch.split(order, batch_size) if len(b) == batch_size]", T_TRAINING),
    ("last streamed batch dropped", STREAMED, "return list(torch.split(order, batch_size))",
     "return [b for b in torch.split(order, batch_size) if len(b) == batch_size]", T_STREAMED),
    ("a gap in one channel counts", BATCHES, "~absent.all(-1)", "~absent.any(-1)", T_TRAINING),
    # Series, labels, splits
    ("constant by an absolute size", SERIES, "ROUNDING * np.abs(mean)",
     "ROUNDING * np.maximum(1.0, np.abs(mean))", T_SERIES),
    ("padding kept", CHECKS, "_without_missing(without_padding(s), f", "_without_missing(s, f",
     T_SERIES),
    ("far values not limited", OUTLIERS, "return (low, high), [", "return None, [", T_SERIES),
    ("many far values limited", OUTLIERS, "if count > max(_FEW, _RARE * len(values)):",
     "if False:", T_SERIES),
    ("wild values pass", OUTLIERS, "if farthest > WILD:", "if False:", T_SERIES),
    ("numbers that fill places pass", OUTLIERS, "[0] > _FILL_FAR", "[0] > np.inf", T_SERIES),
    ("far values not limited in a stream", "msssm_ts/fitted/streaming.py",
     "limited(x.astype(self._dtype), self._limits)", "x.astype(self._dtype)",
     "tests/test_streaming.py -k limited"),
    ("far values not limited in a file", "msssm_ts/export/preparing.py", "if self.limited:",
     "if False:", "tests/test_export.py -k 'limited and onnx'"),
    ("in C: far values not limited", "msssm_ts/export/c/source.py",
     '"limited": bool(model.preparation.limits),', '"limited": False,', f"{T_C} -k far"),
    ("in C: offsets in single precision", C_SOURCE, "((double)value - mean[k])",
     "(double)(value - (float)mean[k] * 1.000001f)", f"{T_C} -k offsets"),
    ("in C: a step that is missing counts", C_SOURCE, "    if (observed) {", "    if (1) {",
     f"{T_C} -k 'every_step and s6'"),
    ("in C: a missing step goes into the scans", C_SOURCE, "if (!observed) {", "if (0) {",
     f"{T_C} -k 'every_step and s6'"),
    ("in C: rings a row short", C_SOURCE, "state->rows[s] + 1 == n_rows",
     "state->rows[s] + 2 == n_rows + (n_rows == 1)", f"{T_C} -k 'every_step and lti'"),
    ("in C: the smallest is kept", C_SOURCE,
     "residual[i] > state->kept[i] ? residual[i]", "residual[i] < state->kept[i] ? residual[i]",
     f"{T_C} -k 'every_step and s4d'"),
    ("in C: modes turn the other way", "msssm_ts/model/cores/s4d/step.c",
     "w->A[k] * state[k + 1] + w->A[k + 1]", "w->A[k] * state[k + 1] - w->A[k + 1]",
     f"{T_C} -k 'every_step and s4d'"),
    ("in C: C of another stream", "msssm_ts/model/cores/s6/step.c",
     "*C = read + (STREAMS + s) * STATES", "*C = read + STREAMS * STATES",
     f"{T_C} -k 'every_step and s6'"),
    ("in C: a refused sample changes the state", C_SOURCE,
     "        if (isinf(value)) {", "        if (isinf(value)) {\n            state->n_observed++;",
     f"{T_C} -k return"),
    ("in C: scales of rows left out", "msssm_ts/export/c/quantized.py",
     "numbers.astype(np.int8), scale", "numbers.astype(np.int8), 2 * scale", f"{T_C} -k bits"),
    ("in C: names end strings", "msssm_ts/export/c/text.py",
     """if byte in b'"\\\\?':""", "if byte in b'?':", f"{T_C} -k return"),
    ("in C: state counted short", "msssm_ts/export/c/cost.py", "ram=8 * (doubles + ",
     "ram=8 * (doubles - 1 + ", f"{T_C} -k every_step"),
    ("rounding of a filter kept", "msssm_ts/preparation/filters.py",
     "largest[1] <= ROUNDING * largest[0]", "largest[1] < 0", "tests/test_fitting.py -k still"),
    ("hum kept at the ends", "msssm_ts/preparation/filters.py",
     "rest[:, -2::-1] + heard[:, n:]", "rest[:, -2::-1]",
     "tests/test_preparation.py -k hum"),
    ("an offset taken for hum", "msssm_ts/preparation/filters.py",
     "parts[2:].T @ hum", "np.zeros_like(parts[2:]).T @ hum",
     "tests/test_preparation.py -k hum"),
    ("a hum that is asked for and stays", "msssm_ts/preparation/settings.py",
     "return self.powerline is not None or self.bandpass", "return self.bandpass",
     "tests/test_preparation.py -k missing_values_are_refused"),
    ("labels of CinC 2017 before their revision", "msssm_ts/datasets/named/cinc2017.py",
     '"REFERENCE-v3.csv", "REFERENCE.csv")', '"REFERENCE.csv", "REFERENCE-v3.csv")',
     "tests/test_named_data.py -k cinc"),
    ("means of clips lost", "msssm_ts/preparation/settings.py", '"mostly-centred": 0.8',
     '"mostly-centred": 1.0', "tests/test_prepared_training.py -k steady"),
    ("spectra in any unit", "msssm_ts/preparation/prepare.py",
     "settings.full_scale is not None and", "False and", "tests/test_fitting.py -k spectra_of"),
    ("gaps counted in the deviation", SERIES, "known = (~np.isnan(s)).sum(1)",
     "known = np.full(n_channels, s.shape[1])", T_SERIES),
    ("series not joined", SERIES, "deviation + shift**2 * count * known / total", "deviation",
     T_SERIES),
    ("joined with a wrong share", SERIES, "shift**2 * count * known / total",
     "shift**2 * known / total", T_SERIES),
    ("one-pass variance", SERIES, "np.nansum((s - here[:, None]) ** 2, 1, dtype=np.float64)",
     "np.nansum(s**2, 1, dtype=np.float64) - known * here**2", T_SERIES),
    ("means summed in float32", SERIES, "here = np.nansum(s, 1, dtype=np.float64)",
     "here = np.nansum(s, 1)", T_SERIES),
    ("thresholds of other labels", TARGETS, "zip(proba.T, truth.T", "zip(proba.T, truth.T[::-1]",
     T_TARGETS),
    ("class weights ignored", TARGETS,
     "weights = weights * compute_sample_weight(class_weight, targets.labels)", "pass", T_TARGETS),
    ("series weights ignored beside class weights", TARGETS,
     "weights = weights * compute_sample_weight(", "weights = compute_sample_weight(", T_TARGETS),
    ("weights of sum 1", TARGETS, "weights / weights.mean()", "weights / weights.sum()",
     T_TARGETS),
    ("weights of zero dropped", TARGETS, "    return weights\n",
     "    return weights[weights > 0]\n", T_TARGETS),
    ("groups ignored", VALIDATION, "if groups is not None:", "if False:", T_VALIDATION),
    ("a group on both sides", VALIDATION, "splitter.split(strata, strata, codes)",
     "splitter.split(strata, strata, np.arange(len(strata)))", T_VALIDATION),
    ("a class lost between groups", VALIDATION, "or min(left) < 1", "", T_VALIDATION),
    ("a class lost", VALIDATION, "round(fraction * len(members)), len(members) - 1",
     "round(fraction * len(members)), len(members)", T_VALIDATION),
    ("two patients swapped", MITBIH, '"230",\n)\nDS2 = (\n    "100"',
     '"100",\n)\nDS2 = (\n    "230"', T_NAMED),
    # Recordings of named signals
    ("clock of annotations ignored", WFDB_NOTES, "found.resolution or rate", "rate", T_ECG),
    ("rate of the fastest", JOINED, "min(known, key=lambda r: (-rates[r], r))", "max(known)",
     T_ECG),
    ("channels by place", JOINED, "tuple(place[lead_key(n)] for n in channels)",
     "tuple(range(len(channels)))", T_ECG),
    ("gaps glued together", EDF_SIGNALS, "round(block.onset * per_record / header.duration)",
     "block.first * per_record", T_EDF),
    ("sign of 24 bits", EDF_SIGNALS, "(whole - ((whole & 0x800000) << 1))", "whole", T_EDF),
    ("units by place", "msssm_ts/datasets/adapted.py",
     "if names and data.channel_names else None", "if False else None", T_ECG),
    ("SCP: numbers without sign", HUFFMAN, "np.where(more >= (1 << width) / 2, ",
     "np.where(False, ", T_FORMATS),
    ("SCP: tables not switched", HUFFMAN, "table = one.value - 1", "table = 0", T_FORMATS),
    ("SCP: the second value is a difference", SCP, "values[1:2] -= values[:1]", "pass", T_FORMATS),
    ("SCP: the reference beat a sample late", SCP, "shift = middle - fiducial",
     "shift = middle - fiducial + 1", T_FORMATS),
    ("SCP: beats of all kinds", SCP, "if kind:", "if False:", T_FORMATS),
    ("SCP: samples promised", SCP, "or any(map(int.__gt__, counts, most))", "", T_FORMATS),
    ("MFER: byte order", MFER, 'if value[:1] == b"\\1" else', 'if value[:1] == b"\\0" else',
     T_FORMATS),
    ("MFER: what is no value", MFER, "values[own == channel.null] = np.nan", "pass", T_FORMATS),
    ("MFER: nested without end", MFER_TAGS, "if len(opened) > _DEEPEST:", "if False:", T_FORMATS),
    ("Kardia: nanovolts", "msssm_ts/datasets/kardia/reader.py", "nanovolts * 1e-6",
     "nanovolts * 1e-3", T_FORMATS),
    ("XLI: the first bend", XLI, "slopes[2:3] = -start", "slopes[2:3] = 0", T_FORMATS),
    ("XLI: a string of its own", XLI, "before + before[:1]", "before", T_FORMATS),
    ("Philips: limb leads as stored", PHILIPS, "_limb_leads(values)", "pass", T_FORMATS),
    ("sexes as they are spelt", ABOUT, "text = _SEX.get(text.casefold(), text)", "pass", T_FORMATS),
    ("headers before tables", ABOUT, "(() if tabled is None else tabled.names)", "()", T_FORMATS),
    ("chosen diagnoses in another order", COMMENTS, "names = list(chosen) or",
     "names = sorted(chosen) or", T_FORMATS),
    ("a label lost to the model's options", "msssm_ts/datasets/signals/reader.py",
     "raise OptionError(", "raise InputError(", T_FORMATS),
    # Members of the vote
    ("temperature inverted", RIDGE, "np.exp(found.x)", "np.exp(-found.x)", T_VOTERS),
    ("estimate: the intercept counted twice", RIDGE, "left = left - torch.outer(root, root @ left)",
     "pass", T_ESTIMATE),
    ("estimate: penalty by rows", RIDGE, "fit.best_penalty(together)", "fit.best_penalty()",
     T_VOTERS),
    ("estimate: groups apart in folds", FOLDS,
     "groups = np.arange(len(targets)) if groups is None else groups",
     "groups = np.arange(len(targets))", T_ESTIMATE),
    ("estimate: classes by chance in folds", FOLDS,
     'order = order[np.argsort(label.reshape(-1)[order], kind="stable")]', "pass", T_ESTIMATE),
    ("estimate: trees learn what is left out", TREES, "part, seeds, rest))", "part, seeds))",
     T_ESTIMATE),
    ("together: parts begin late", COARSE, "np.arange(n_parts) * x.shape[1] // n_parts",
     "-(-np.arange(n_parts) * x.shape[1] // n_parts)", T_COARSE),
    ("together: parts without a step", COARSE, "append=x.shape[1]), 1)", "append=x.shape[1]), 0.5)",
     T_COARSE),
    ("together: rounded by the batch", COARSE,
     "linear(*map(torch.from_numpy, (x, self.frequencies, self.phases)))",
     "torch.from_numpy(x @ self.frequencies.T + self.phases)", T_COARSE),
    ("together: the worst is chosen", COARSE, "min(found, key=", "max(found, key=", T_COARSE),
    ("together: the graph's parts overlap", "msssm_ts/members/coarse_ridge/graph.py",
     "(steps < end.unsqueeze(2))", "(steps <= end.unsqueeze(2))", T_COARSE),
    ("measured: few series count as many", SHARE, "share *= n / (n + _FEW)", "pass", T_COARSE),
    ("measured: groups count as series", SHARE, "told.sum() if groups is None else",
     "told.sum() or", T_COARSE),
    ("measured: series not told of count", SHARE, "n = told.sum()", "n = len(told)", T_COARSE),
    ("measured: who adds nothing is told of", "msssm_ts/fitting/notes.py",
     'if seat.kind in useless and parameters["members"] is None:', "if False:", T_COARSE),
    ("estimate: shapelets of the series itself", SHAPELET_FEATURES,
     "free = ~np.isin(lenders, series).any(2, keepdims=True)",
     "free = np.ones_like(lenders[:, :, :1], bool)", T_ESTIMATE),
    ("estimate: groups as many series", INTERVALS, "if groups is None else groups[told], r", ", r",
     T_ESTIMATE),
    ("estimate: what is told is all", ESTIMATE, "standing_for(told, targets, weights)", "1.0",
     T_RARE),
    ("rare: drawn at random", STRATA, 'order[np.argsort(rank, kind="stable")[:n]]', "order[:n]",
     T_RARE),
    ("rare: stands for itself", STRATA, "own[index] * factor[stratum[index]]", "own[index]",
     T_RARE),
    ("rare: members without weights", CLOSED_FORM, "        part = problem.part(index)\n",
     "        part = problem.take(index)\n", T_RARE),
    ("rare: sums without weights", CLOSED_FORM, "every = problem.part(index)",
     "every = problem.take(index)", T_RARE),
    ("cluster: what was lost is not sent again", DASK, "or node.future.status in _GONE", "",
     T_DASK),
    ("cluster: other versions taken", "msssm_ts/workers/dask_opened.py",
     "if found != __version__:", "if False:", T_DASK),
    ("cluster: other versions that come later", "msssm_ts/workers/dask_work.py",
     "if version != __version__:", "if False:",
     T_DASK),
    ("cluster: interrupted work goes on", DASK,
     "            self._let_go(calls)\n\n    def reduce(", "            pass\n\n    def reduce(",
     T_DASK),
    ("cluster: whole blocks for some of their rows", DASK,
     "return _Call(taken, (kept[number], own))", "return kept[number]", T_DASK),
    ("cluster: places travel where they cannot be read", DASK, "if reason is None:", "if True:",
     T_DASK),
    ("cluster: nobody hears who is gone", DASK, "sorted(self._known - live)", "()", T_DASK),
    ("cluster: half of the sums travels", NORMAL_EQUATIONS,
     "self.products[c.start :, c].copy()", "self.products[c, c].copy()", T_VOTERS),
    ("rows: the last ones left out", CLOSED_FORM, "range(size, n, size))",
     "range(size, n, size))[:-1]", T_VOTERS),
    ("rows: sums are not centred", NORMAL_EQUATIONS, "a[rows] -= self.features[rows, None] * mean",
     "pass", T_VOTERS),
    ("rows: weights do not count", NORMAL_EQUATIONS, "weights[:, None].astype(z.dtype)",
     "np.sign(weights[:, None]).astype(z.dtype)", T_VOTERS),
    ("rows: no penalty is enough", NORMAL_EQUATIONS, "if penalty > diagonal.mean():", "if True:",
     T_VOTERS),
    ("rows: trees of one part", TREES, "in enumerate(seeds):",
     "in enumerate(seeds[:1]):", T_VOTERS),
    ("update: half of a withdrawn series stays", UPDATE, "weights = sign * learned",
     "weights = (sign if sign > 0 else -0.5) * learned", T_UPDATING),
    ("update: weights of classes are forgotten", UPDATE,
     "(1.0 if several else class_weights[targets])", "1.0", T_UPDATING),
    ("update: a series can be withdrawn twice", LEARNED, "                rows.remove(fits[-1])\n",
     "", T_UPDATING),
    ("update: labels are not compared", LEARNED, "if targets is None or np.array_equal",
     "if True or np.array_equal", T_UPDATING),
    ("update: sums of any model are taken", SUMS_FILE,
     'if opened.header.get("model") != wanted:', "if False:", T_UPDATING),
    ("update: the old sums go before the model", SUMS_FILE,
     "_write(sums, _next(file), checksum_of", "_write(sums, sums_beside(file), checksum_of",
     T_UPDATING),
    ("update: sums of a file are not measured", SUMS_FILE,
     "    check_shapes(_specs(sizes, n_outputs, model.labels.multilabel), opened.entries)\n", "",
     T_UPDATING),
    ("update: what is near stays after a withdrawal", UPDATE,
     "familiarity=None if forgets else model.familiarity", "familiarity=model.familiarity",
     T_UPDATING),
    ("fewer: rare classes by chance", STRATA, "max(1, n // (2 * len(counts))))", "0)", T_ROWS),
    ("fewer: they stand for themselves", "msssm_ts/fitting/chosen.py",
     "standing_for(chosen, targets, weights[rest]) * n / len(rest)", "weights[rest[chosen]]",
     T_ROWS),
    ("memory: every feature is summed", CLOSED_FORM, "_used(len(weights), room.products, seed)",
     "_used(len(weights), 1 << 30, seed)", T_ROWS),
    ("memory: a block as ever", "msssm_ts/members/room.py",
     "is None:\n            return BLOCK", "is not BLOCK:\n            return BLOCK", T_ROWS),
    ("plan: each kind reads once", "msssm_ts/fitting/plan.py",
     "times * sum(n for _, n, _ in closed)", "len(closed)", T_ROWS),
    ("rare: penalty by any rows", RIDGE, "drawn_from(_classes(signs), size, 0)",
     "np.arange(size)", T_RARE),
    ("rare: weights within groups", RIDGE, "root[rows][:, None] * root[rows][..., None]",
     "root[rows][..., None] ** 2", T_VOTERS),
    ("rare: the mean of all rows", RIDGE, "some_z -= root[tried].float() * off_z",
     "pass", T_RARE),
    ("rare: log-priors without groups", FIT_DECISION,
     "units = np.unique(told.groups, return_inverse=True)[1]", "pass", T_RARE),
    ("rare: log-priors taken twice", DECISION, "LEAST)) + self.values", "LEAST)) - self.values",
     T_RARE),
    ("point: the most probable class", PARTS_OF, "if self.decision is None else", "if True else",
     T_POINTS),
    ("point: others after the class", DECISION, "others[:, self.positive] = -np.inf", "pass",
     T_POINTS),
    ("point: no series more", FIT_DECISION, "(1 - target) * (total + mean) - mean",
     "(1 - target) * total", T_POINTS),
    ("point: told by the series themselves", FIT_DECISION, "choose(self.without(rows))",
     "choose(self)", T_POINTS),
    ("point: not kept", "msssm_ts/fitted/model_file.py",
     'decision_from(header.get("decision"))', "None", T_POINTS),
    ("point: of the first class", FIT_DECISION, "len(targets.classes) - 1 if name is None",
     "0 if 1", T_POINTS),
    ("estimate: windows count", ESTIMATE, "counts[counts == 0] = np.nan", "counts[:] = 1",
     T_ESTIMATE),
    ("estimate: few members tell", VOTE, "known >= _ENOUGH *", "known >= 0.5 *",
     T_ESTIMATE),
    ("estimate: a network does not tell", COURSE,
     "learned[:] = told_of_validation(learned, validation)", "pass", T_ESTIMATE),
    ("estimate: not in the checkpoint", CHECKPOINT, "{} if member.left_out is None else",
     "{} if 1 else", T_RESUMING),
    ("budget: copies whatever they take", CLOSED, "if i and took.get(k, np.inf) > left:",
     "if False:", T_FITTING),
    ("budget: nothing is needed", CLOSED, "is_needed=not into.members", "is_needed=False",
     T_PRESETS),
    ("temperature divides", RIDGE, "self.decision(features) * self.temperature",
     "self.decision(features) / self.temperature", T_VOTERS),
    ("every k-th row", RIDGE, "    if size == n:",
     "    return slice(None, None, -(-n // MOST_ROWS))\n    if size == n:", T_VOTERS),
    ("signs of labels swapped", RIDGE, "torch.where(truth, 1.0, -1.0)",
     "torch.where(truth, -1.0, 1.0)", T_VOTERS),
    ("pool weights permuted", POOLS, "(1.0, 0.5, 1.0, 0.2, 0.2)", "(0.5, 1.0, 1.0, 0.2, 0.2)",
     T_VOTERS),
    ("other pool weights permuted", POOLS, "(1.0, 0.5, 1.0, 0.2, 0.2)",
     "(1.0, 0.5, 0.2, 1.0, 0.2)", T_VOTERS),
    ("a part without its groups", PROBLEM, "None if self.groups is None else self.groups[index]",
     "None", T_VOTERS),
    ("a part with others' groups", PROBLEM, "self.groups[index]", "self.groups[: len(index)]",
     T_VOTERS),
    ("a part with others' weights", PROBLEM, "self.weights[index]", "self.weights[: len(index)]",
     T_VOTERS),
    ("fewer quantiles", QUANTILES, "_STEPS_PER_QUANTILE = 4", "_STEPS_PER_QUANTILE = 5", T_VOTERS),
    ("the other quantiles from the mean", QUANTILES, "quantiles[..., 1::2]", "quantiles[..., ::2]",
     T_VOTERS),
    ("time budget ignored", NETWORK, "max_seconds=seconds,", "max_seconds=None,", T_BUDGET),
    ("no network in sktime's checks", SKTIME, '"members": ["network"],',
     '"preset": "fast",', T_SKTIME),
    ("shapelets: the last fits for the best", SHAPELETS, "larger(two, larger(one, best))",
     "larger(two, one)", T_SHAPELETS),
    ("shapelets: the last window left out", SHAPELETS, "if m % 2 == 1:", "if m % 2 == 2:",
     T_SHAPELETS),
    ("shapelets: windows of the group before", "msssm_ts/kernels/shapelets/op.py",
     "np.column_stack([lags, scaled, mix])", "np.column_stack([lags, scaled])", T_SHAPELETS),
    ("ridge: the penalty forgotten", RIDGE, "(self.values + penalty)[:, None]\n        solution",
     "(self.values + 1e-9)[:, None]\n        solution", T_VOTERS),
    ("shapelets: windows' own size left out", SHAPELETS, " - spread(half, t)", "", T_SHAPELETS),
    ("shapelets: flat windows blown up", SHAPELETS, "/ TAPS + FLOOR", "/ TAPS + 1e-12",
     T_SHAPELETS),
    ("shapelets: distances the wrong way round", SHAPELET_FEATURES, "squares - 2 * pools",
     "squares + 2 * pools", T_SHAPELETS),
    ("shapelets: thresholds from any series", SHAPELET_FEATURES,
     "same = np.flatnonzero(signs[:, rng.choice(labels)]) if", "same = np.arange(len(signs)) if",
     T_SHAPELETS),
    # Fitting
    ("state-space rate not capped", NETWORK,
     'min(parameters["learning_rate"], SSM_LEARNING_RATE)', 'parameters["learning_rate"]',
     T_FITTING),
    ("no early stopping", NETWORK, "is None else patience", "is None else None", T_FITTING),
    ("sound waited for no longer", NETWORK, "if sound else PATIENCE", "if False else PATIENCE",
     T_FITTING),
    ("vote not refitted on all series", COURSE,
     "closed[:] = told_by_series(again.members, everything, whole, n_series)", "pass", T_FITTING),
    ("refitted on the training series", COURSE, "self.problems.prepared(whole)",
     "self.problems.prepared(split.keep)", T_FITTING),
    ("groups not passed on", PROBLEMS, "self._groups(values, origin),", "None,", T_FITTING),
    ("groups of other windows", PROBLEMS, "else groups[origin]", "else groups[values.owner * 0]",
     T_FITTING),
    ("windows not a group", PROBLEMS, "groups = np.arange(len(self.data))", "pass", T_FITTING),
    ("class weights not passed on", PROBLEMS, "None if self.weights is None else",
     "None if True else", T_FITTING),
    ("the best share, however uncertain", SHARE, "+ _NOTHING * n", "* 0", T_PRESETS),
    ("all of the vote to whom was lucky", SHARE, "_MOST = 0.8", "_MOST = 1.0", T_FITTING),
    ("who is surer has a share", SHARE, "np.arange(-1, 4.5, 0.5)", "np.zeros(1)", T_PRESETS),
    ("share inverted", SHARE, "(1 - share) * weight for", "share * weight for", T_FITTING),
    ("ridge and tree shares swapped", SCAN_RIDGE, "prior: ClassVar[float] = 0.6",
     "prior: ClassVar[float] = 0.4", T_FITTING),
    ("what has no vote is kept", SHARE, "strict=True) if w > 0]", "strict=True)]", T_FITTING),
    ("never in vain", SHARE, "<= _NEXT_TO_NOTHING", "< 0", T_FITTING),
    ("always in vain", SHARE, "<= _NEXT_TO_NOTHING", "<= 1", T_FITTING),
    ("thresholds from training series", COURSE,
     "best_thresholds(proba, validation.targets)",
     "best_thresholds(fitted.vote.predict_proba(training.values), training.targets)", T_FITTING),
    ("named members left out", FIT, "undecided = named is None and", "undecided =", T_FITTING),
    ("the preset's network left out", FIT, ' and preset != "network"', "", T_PRESETS),
    ("the preset's weights not used", COURSE, "learned, share, priors)\n            left_out",
     "learned, share)\n            left_out", T_PRESETS),
    ("drawn layers in a causal model", FIT, 'causal=not parameters["bidirectional"]',
     "causal=False", T_PRESETS),
    ("one network counted", VOTE, "sum(member.n_parameters for member in self.members)",
     "self.members[0].n_parameters", T_FITTING),
    ("share lost on load", FILE, 'tuple(float(m["weight"]) for m in header["members"])',
     'tuple(1 / len(members) for m in header["members"])', T_FITTING),
    ("thresholds lost on load", FILE, 'np.array(classes["thresholds"]),', "np.empty(0),",
     T_FITTING),
    ("span of the streams lost on load", SCAN_RIDGE, ', facts["span"]\n', "\n", T_FITTING),
    ("temperature lost on load", CLOSED_FORM, 'facts["temperature"],', "1.0,", T_FITTING),
    ("trees: always the same draws", GROWER, "state[0] = seed", "state[0] = 1", T_GROWER),
    ("trees: rounding parts series", GROWER, "float32(1e-7)", "float32(0)", T_GROWER),
    ("trees: one target counts", GROWER, "gain - n_targets * (", "gain - (", T_GROWER),
    ("trees: weights forgotten", GROWER, "weight += weights[rows[j]]", "weight += 1", T_GROWER),
    ("trees: fewer candidates", GROWER, "found < n_candidates", "found < 1", T_GROWER),
    ("trees: a threshold leads to the right", GROWER,
     "if features[i * n_features + feature[node]] <= threshold[node]:",
     "if features[i * n_features + feature[node]] < threshold[node] - 0.2:", T_GROWER),
    ("a second fit has all the time there is", COURSE,
     "rest = None if budget is None else max(0.0, budget - self._elapsed())\n"
     "                again,", "rest = None\n                again,",
     T_FITTING),
    ("trees: none in time", TREES, "late() and len(trees) >= fewest", "late()", T_VOTERS),
    ("layout of quantiles lost on load", TREES,
     'Layout(facts["depth"], facts["steps_per_quantile"])', 'Layout(facts["depth"])', T_FITTING),
    ("times lost in windows", APPLY, "times = [row[0] for row in rows]", "times = None", T_FITTING),
    ("old shares by today's rule", UPGRADES, "(1 - share) * _SHARES_3[kind]", "_SHARES_3[kind]",
     T_GOLDEN),
    ("old networks have no share", UPGRADES, "share / n_networks", "1.0 / n_networks", T_GOLDEN),
    # What was said of the data
    ("units converted the other way", ADAPTED, "unit_factor(unit, other) if",
     "unit_factor(other, unit) if", T_MATCHING),
    ("units of another channel", ADAPTED, "place = i if order is None else order[i]", "place = i",
     T_ADAPTED),
    ("gaps resampled as values", ADAPTED, "out[missing[:, nearest]] = np.nan", "pass", T_MATCHING),
    ("series of unknown classes kept", MATCHING, "series.take(np.flatnonzero(known))", "series",
     T_MATCHING),
    ("labels by their place", MATCHING, "series.labels[:, own.index(n)] if n in own",
     "series.labels[:, names.index(n)] if n in own", T_MATCHING),
    ("training series forgotten", PARTS_OF, "np.isin(found, self.fingerprints).sum()", "0",
     T_MATCHING),
    ("fingerprints lost on load", FILE, "arrays.get(FINGERPRINTS),", "None,", T_MATCHING),
    ("options of fit forgotten", OPTIONS, "return replace(self, **earlier)", "return self",
     T_MATCHING),
    ("options of now lose", OPTIONS, "if name in known and name not in own", "if name in known",
     T_MATCHING),
    ("the training data proposed", "msssm_ts/cli/given/parts.py",
     "if path.exists():\n        return data if has_test_part",
     "if path.exists():\n        return data if True or has_test_part", T_MATCHING),
    ("an episode asks what it told", "msssm_ts/pretraining/episodes.py",
     "known, asked = codes[::2], codes[1::2]", "known, asked = codes[::2], codes[::2]",
     "tests/test_pretraining.py::test_the_loss_asks_of_series_that_were_not_told"),
    ("an encoder pools its padding", "msssm_ts/pretraining/encoder.py",
     "largest = torch.where(valid, x, -torch.inf).amax(1)", "largest = x.amax(1)",
     "tests/test_pretraining.py::test_padding_and_company_do_not_matter"),
    ("a stem as strong as its channels are many", "msssm_ts/members/network/initial.py",
     "known.stem.weight / config.n_channels**0.5", "known.stem.weight / 1",
     "tests/test_pretraining.py::test_a_network_begins_with_the_encoder"),
    ("a file takes the encoder of today", "msssm_ts/members/encoder_ridge/reading.py",
     'return cls(encoder, Views(arrays["mix"]',
     'import msssm_ts.pretraining.weights as w; return cls(w.shipped(), Views(arrays["mix"]',
     "tests/test_pretraining.py::test_a_file_keeps_its_own_encoder"),
    ("hidden spans are seen", "msssm_ts/pretraining/objectives/spans.py",
     "x.masked_fill(shown, 0.0)", "x",
     "tests/test_unlabelled.py::test_what_is_hidden_is_not_seen_and_alone_counts"),
    ("an encoder goes on without its moments", "msssm_ts/pretraining/learning.py",
     'restore_optimizer(self._optimizer, part("optimizer"))', 'part("optimizer")',
     "tests/test_unlabelled.py::test_a_run_that_was_cut_short_goes_on_with_the_same_bits"),
    ("a vote is expected to be as good as its own answers", "msssm_ts/fitting/own_answers.py",
     "new.telling(old.left_out", "new.telling(new.predict_proba(labelled.values)",
     "tests/test_unlabelled.py::test_a_vote_learns_its_own_answers"),
    ("a test patient's other series are learned", "msssm_ts/cli/pretrain/pretraining.py",
     "mask = np.isin(series.groups, series.groups[mask])", "mask = mask.copy()",
     "tests/test_unlabelled.py::test_whole_groups_stay_out"),
    ("shapes are drawn anew", "msssm_ts/generation/process.py",
     "np.random.default_rng(self.shape), 1, length)[0]", "rng, n, length)[0]",
     "tests/test_generation.py::test_a_shape_is_kept_and_a_law_is_not"),
    ("check: constant series are copies", DUPLICATES,
     "for i in part.index[part.digests.varies].tolist()", "for i in part.index.tolist()", T_CHECK),
    ("check: labels are not compared", DUPLICATES,
     "torn = [s for s in sets if len({k.label for k in s} - {None}) > 1]", "torn = sets[:0]",
     T_CHECK),
    ("check: near is a number", DUPLICATES, "limit = min(_NEAREST, share) * far[:, None]",
     "limit = 0.1", T_CHECK),
    ("check: rest is a rail", DIGEST, "(values == x.min())) & ~rest", "(values == x.min()))",
     T_CHECK),
    ("check: channels in any order", "msssm_ts/analysis/data/parts.py",
     "data.values[i][order]", "data.values[i]", T_CHECK),
    ("check: all series read", "msssm_ts/analysis/data/parts.py",
     "n = min(data.n_series, max(1, most))", "n = data.n_series", T_CHECK),
    ("check: signs tell copies", DIGEST, "found: Floats = np.abs(z @ z.T)",
     "found: Floats = (z @ z.T)", T_CHECK),
    ("check: strict forgives", "msssm_ts/cli/data/check.py", "if strict and found.breaks:",
     "if False:", T_CHECK),
    ("sets: one more series forgotten", COVERAGE, "coverage * (self.count + 1)",
     "coverage * self.count", T_COVERAGE),
    ("sets: one limit for all classes", COVERAGE, "of = self.classes if per_class else",
     "of = self.classes if False else", T_COVERAGE),
    ("sets: series of a group count", "msssm_ts/fitting/coverage.py", "if count < len(scores):",
     "if False:", T_COVERAGE),
    ("sets: quantiles rounded down", "msssm_ts/fitting/coverage.py",
     "np.arange(1, n + 1) / n - 1e-9", "np.arange(n) / n - 1e-9", T_COVERAGE),
    ("sets: rejected series answered", "msssm_ts/cli/answering/answers.py",
     "some[0] if len(some) == 1 else None", "answer", T_COVERAGE),
    ("unknown: groups tell of themselves", "msssm_ts/fitting/familiarity.py",
     "units = rows if groups is None else", "units = rows if True else", T_UNKNOWN),
    ("unknown: networks tell of what they have seen", "msssm_ts/fitting/familiarity.py",
     "    if model.vote.members[place].learns_by_steps:", "    if False:", T_UNKNOWN),
    ("unknown: left-out series near to themselves", "msssm_ts/fitting/familiarity.py",
     "apart = units[asked, None] != units", "apart = units[asked, None] >= -1", T_UNKNOWN),
    ("unknown: the doubt of the answer forgotten", "msssm_ts/fitted/familiarity.py",
     "(far + unsure) / 2", "far", T_UNKNOWN),
    ("unknown: one more forgotten", "msssm_ts/fitted/familiarity.py",
     "* (n / (n + 1))", "* 1.0", T_UNKNOWN),
    ("unknown: the farthest for the nearest", "msssm_ts/fitted/familiarity.py",
     "np.partition(squares, k - 1)[:k]", "np.partition(squares, k - 1)[-k:]", T_UNKNOWN),
    ("similar: an exemplar's answer knows its label", "msssm_ts/fitting/exemplars.py",
     "if left_out is None else", "if True else", T_SIMILAR),
    ("similar: numbers of what was left", "msssm_ts/fitting/exemplars.py",
     "rows if data.numbers is None else", "rows if True else", T_SIMILAR),
    ("similar: the farthest for the nearest", "msssm_ts/fitted/exemplars.py",
     'kind="stable")[:k]', 'kind="stable")[-k:]', T_SIMILAR),
    ("similar: an excerpt by its means", "msssm_ts/series/excerpts.py",
     "= own[ends]", "= own.mean()", T_SIMILAR),
    ("motifs: steps of padding counted", "msssm_ts/model/motifs.py",
     "member = member & counted.unsqueeze(-1)", "pass", T_MOTIFS),
    ("motifs: codes stay unused", "msssm_ts/training/codes.py",
     "dead = (layer.idle > PATIENCE)", "dead = (layer.idle > 1e9)", T_MOTIFS),
    ("experts: weights that jump", "msssm_ts/model/experts.py",
     "functional.relu(probabilities - third)",
     "probabilities * (probabilities > third)", T_EXPERTS),
    ("experts: padding through them", "msssm_ts/model/experts.py",
     "steps = gates.new_ones(gates.shape[:2]) if counted is None else counted.to(gates.dtype)",
     "steps = gates.new_ones(gates.shape[:2])", T_EXPERTS),
    ("experts: each process balances its own", "msssm_ts/training/aims.py",
     "processes.totals([*own, float(n)])", "[*own, float(n)]", T_EXPERTS),
    ("experts: unbalanced", "msssm_ts/training/aims.py",
     "loss = loss + BALANCE * imbalance(", "loss = loss + 0.0 * imbalance(", T_EXPERTS),
    ("workspace: ties read in full", "msssm_ts/model/workspace.py",
     "last * (left / last.sum(-1, keepdim=True).clamp(min=1))", "last", T_WORKSPACE),
    ("workspace: padding read", "msssm_ts/model/workspace.py",
     "scores = scores.masked_fill(~counted.unsqueeze(1), -torch.inf)", "pass", T_WORKSPACE),
    ("workspace: a stream forgets the best", "msssm_ts/model/workspace.py",
     "least = scores.argmin(-1, keepdim=True)", "least = scores.argmax(-1, keepdim=True)",
     T_WORKSPACE),
    ("drift: on either side", "msssm_ts/fitted/drift.py",
     "(shares - np.arange(n) / n).max()", "abs(shares - np.arange(n) / n).max()", T_UNKNOWN),
    ("drift: by its chance alone", "msssm_ts/fitted/drift.py",
     "self.shift >= _SHIFT and self.p", "self.p", T_UNKNOWN),
    ("drift: of a few series", "msssm_ts/fitted/drift.py", "if n < FEWEST:", "if n < 1:",
     T_UNKNOWN),
    ("drift: never said", "msssm_ts/cli/predict/paths.py",
     "if drift is not None and drift.is_there:", "if False:", T_UNKNOWN),
    ("labels: thresholds of all alike", LABEL_ERRORS, "proba >= needed - 1e-12",
     "proba >= 0.5", T_LABEL_ERRORS),
    ("labels: the given one suggested", LABEL_ERRORS,
     "    others[rows, given] = -np.inf\n", "", T_LABEL_ERRORS),
    ("labels: counts as they were found", LABEL_ERRORS,
     "    joint *= (counts / joint.sum(1))[:, None]\n", "", T_LABEL_ERRORS),
    ("labels: the last repeat alone", "msssm_ts/cli/crossval/labels.py",
     "run.series.n_series, -1).mean(0)", "run.series.n_series, -1)[-1]", T_LABEL_ERRORS),
    ("labels: several labels taken", "msssm_ts/cli/crossval/labels.py",
     "    if targets.multilabel:", "    if False:", T_LABEL_ERRORS),
    ("labels: doubts of another run stay", "msssm_ts/cli/crossval/command.py",
     "        (run.out / name).unlink(missing_ok=True)", "        pass", T_LABEL_ERRORS),
    ("options without effect accepted", OPTIONS,
     "if field.name not in acting and getattr(self, field.name) != field.default:", "if False:",
     T_READERS),
    # Data files as untrusted input
    ("sizes never compared", MEMORY, "    if n_bytes > allowed:", "    if False:", T_LIMITS),
    ("unpacking never stops", MEMORY, "if self._come > self._allowed:", "if False:", T_LIMITS),
    ("the limit stays behind", LOAD,
     "if options.max_memory is not None and isinstance(data.values, LazySeries):", "if False:",
     T_LIMITS),
    ("series held count nothing", LOAD, 'demand(held, data.source, "the series")', "pass",
     T_READERS),
    ("headers of arrays believed", NUMPY_FILES,
     "if n * dtype.itemsize > there or n > max(there, 1):", "if False:", T_LIMITS),
    ("members may overlap", ZIPPED, "    if packed > size:", "    if False:", T_LIMITS),
    ("what is not stored is zeros", HDF5_SIZES, "if size > _EMPTY and not", "if False and not",
     T_LIMITS),
    ("our mistakes are the file's", DAMAGE, "if of_code and _is_ours(error):", "if False:",
     T_LIMITS),
    ("small elements behind their tag", MAT5, "self.place + 4, kind >> 16, 8",
     "self.place + 8, kind >> 16, 8", T_LIMITS),
    ("long intervals never go back", NOTES_FILE, "(1 << 32 if long >> 31 else 0)", "0", T_LIMITS),
    ("a line behind a bar", "msssm_ts/display.py", "_bar.live.is_started", "False",
     "tests/test_mistakes.py -k share"),
    ("Ctrl-C loses a finished fit", "msssm_ts/cli/fit/command.py",
     "checkpoint.flush()\n                raise\n", "raise\n",
     "tests/test_mistakes.py -k writing"),
    ("an empty folder stays", FILES, "path.rmdir()", "pass",
     "tests/test_mistakes.py -k series"),
    ("a bar on a dumb terminal", "msssm_ts/display.py",
     " and not console.is_dumb_terminal", "", "tests/test_mistakes.py -k go_back"),
    ("predictions over anything", FILES, "        if not force:", "        if False:", T_CLI),
    ("predictions over their data", FILES, "file.samefile(source)", "False", T_CLI),
    ("dev trained on", PART_NAMES, '"val", "dev",', '"val",', T_SOUND),
    # Network
    ("ψ starts at the oldest tap", FILTERS, "detail[..., 0] += 1.0", "detail[..., -1] += 1.0",
     T_MODEL),
    ("ψ starts without the average", FILTERS, "detail = -average", "detail = 0 * average", T_MODEL),
    ("last of the padded steps", CLASSIFIER, "torch.where(counted, steps, 0)",
     "torch.where(counted, steps, steps)", T_MODEL),
    ("max over padded steps", CLASSIFIER, "x = torch.where(counted.unsqueeze(-1), x, -torch.inf)",
     "pass", T_MODEL),
    ("threshold pools over padding", THRESHOLD_POOLS,
     "range(begin, min(begin + _TILE, lengths[b]))",
     "range(begin, begin + min(_TILE, rows - begin))", T_DRAWN),
    ("threshold pools of another stream", THRESHOLD_POOLS, "(s * n + q) * d + c)", "q * d + c)",
     T_DRAWN),
    ("differences of two steps", DRAWN, "before = torch.cat([x[:, :1], x[:, :-1]], 1)",
     "before = torch.cat([x[:, :2], x[:, :-2]], 1)[:, : x.shape[1]]", T_DRAWN),
    ("drawn filters with a mean", DRAWN, "(n_taps - n_positive) / n_positive", "1.0", T_DRAWN),
    ("drawn layer ignores the scales", DRAWN_MEMBER, 'clamp_scales(parameters["n_scales"], ',
     "clamp_scales(3, ", T_DRAWN),
    ("views that there are not", DRAWN_MEMBER, "chosen.max() < 2 * config.n_channels",
     "chosen.max() < 20 * config.n_channels", T_DRAWN),
    ("dropout of single steps", BLOCK, "input.new_ones(b, 1, d)", "torch.ones_like(input)",
     T_MODEL),
    ("mean over padded steps", CLASSIFIER, "counted.sum(1, keepdim=True)",
     "torch.full_like(counted[:, :1], counted.shape[1], dtype=torch.long)", T_MODEL),
    ("missing steps pooled", CLASSIFIER, "else counted & observed", "else counted", T_MODEL),
    ("energy not squared", STEM, ".square().sum(2)", ".abs().sum(2)", T_MODEL),
    ("no logarithm", STEM, "torch.log(self._decimate(energy) + (FLOOR",
     "(self._decimate(energy) + (FLOOR", T_MODEL),
    ("sine filters shifted", STEM, "torch.sin(phase)", "torch.cos(phase)", T_MODEL),
    # Cache of kernels
    ("cache: no checksum", CACHE, "hashlib.sha256(data).digest() != contents[:_CHECKSUM]", "False",
     T_CACHE),
    ("cache: for all under umask 0", CACHE, "folder.mkdir(0o700, exist_ok=True)",
     "folder.mkdir(0o777, exist_ok=True)", T_CACHE),
    ("cache: a line for every kernel", CACHE, "        _told = True\n", "", T_CACHE),
    ("cache: a link to nothing followed", CACHE, "os.path.islink(place) and not", "False and not",
     T_CACHE),
    ("cache: what others wrote", TRUST, "if status.st_mode & _OTHERS_WRITE", "if False", T_CACHE),
    ("cache: another user's", TRUST, "if status.st_uid not in (0, os.getuid()):", "if False:",
     T_CACHE),
    # Names from data
    ("names: controls in tables", TABLES, "Text(visible(cell))", "Text(str(cell))", T_NAMES),
    ("names: markup in headers", TABLES, "shown = Text(visible(name))", "shown = visible(name)",
     T_NAMES),
    ("names: C1 in JSON", CONSOLE, "visible(line, json=True)", "line", CONSOLE),
    ("names: controls in messages", CONSOLE, "len(line)] + visible(line)", "len(line)] + line",
     T_NAMES),
    ("names: formulas in pictures", "msssm_ts/analysis/literal.py", '"text.parse_math": False',
     '"text.parse_math": True', T_NAMES),
    ("names: controls in a page", "msssm_ts/analysis/results/report.py",
     "        finalize=_shown,\n", "", T_NAMES),
    ("names: bare carriage return", CSV, "any(isinstance", "False and any(isinstance", T_NAMES),
    ("names: formulas in CSV", CSV, """f"'{cell}" if self._safe""", "cell if self._safe", T_NAMES),
    # Full disks
    ("disk: the address to blame", "msssm_ts/datasets/download.py",
     "        except WritingError:\n            raise\n", "", T_DISK),
    ("disk: the archive to blame", "msssm_ts/datasets/unpack.py", "raise failed from error", "pass",
     T_DISK),
    ("disk: the name to blame", FILES, "        if error.out_of_room:\n            raise\n", "",
     T_DISK),
    ("disk: results lost in silence", CONSOLE, "raise ResultsError(error) from error", "pass",
     T_DISK),
    ("disk: messages end the work", CONSOLE, "        with contextlib.suppress(OSError):\n"
     "            super().write(text)\n", "        super().write(text)\n", T_DISK),
    # Kernels
    ("an item lost between threads", PARALLEL, "for c in nearest), len(costs)]",
     "for c in nearest), len(costs) - 1]", T_PARALLEL),
    ("decompose: φ", DECOMPOSE, "f0 + low * a0", "f0 - low * a0", K_DECOMPOSE),
    ("decompose: ψ", DECOMPOSE, "g1 + high * a1", "g1 - high * a1", K_DECOMPOSE),
    ("decompose: x", DECOMPOSE, "value = low + high", "value = low - high", K_DECOMPOSE),
    ("decompose: x, more taps", DECOMPOSE, "value = value + load(levels, below + i)",
     "value = value - load(levels, below + i)", K_DECOMPOSE_LONG),
    ("S6: x", CHUNKS, "load(grad_x, i * width) + grad_u * dt_i",
     "load(grad_x, i * width) - grad_u * dt_i", K_SCAN),
    ("S6: Δ of the input", CHUNKS, "load(grad_dt, i * width) + grad_u * x_i",
     "load(grad_dt, i * width)", K_SCAN),
    ("S6: Δ of the decay", CHUNKS, "total + ln2 * (log_0", "total - ln2 * (log_0", K_SCAN),
    ("S6: A", CHUNKS, "sum_A + w * dt_i", "sum_A - w * dt_i", K_SCAN),
    ("S6: B", CHUNKS, "load(grad_B, at) + grad_h * u", "load(grad_B, at) - grad_h * u", K_SCAN),
    ("S6: C", CHUNKS, "load(grad_C, at) + g_i * state", "load(grad_C, at) - g_i * state", K_SCAN),
    ("S6: state", CHUNKS, "carried + spread(C, c) * g_i", "carried - spread(C, c) * g_i", K_SCAN),
    ("D", SCAN, "grad_skip + g_i * load(x_chunk", "grad_skip - g_i * load(x_chunk", K_SCAN),
    ("x of the skip", SCAN, "store(gx_chunk, i * width, skip * g_i)",
     "store(gx_chunk, i * width, -skip * g_i)", K_SCAN),
    ("LTI: x", CHUNKS, "(B_0 * grad_0 + B_1 * grad_1)", "(B_0 * grad_0 - B_1 * grad_1)", K_SCAN),
    ("LTI: Ā", CHUNKS, "sum_a_1 + grad_1 * h_1", "sum_a_1 - grad_1 * h_1", K_SCAN),
    ("LTI: B", CHUNKS, "sum_B_1 + grad_1 * x_i", "sum_B_1 - grad_1 * x_i", K_SCAN),
    ("LTI: C", CHUNKS, "sum_C_1 + g_i * h_1", "sum_C_1 - g_i * h_1", K_SCAN),
    ("LTI: state", CHUNKS, "back_1 + C_1 * g_i", "back_1 - C_1 * g_i", K_SCAN),
    ("layer, S6: output for E", CHUNKS, "(y_0 + y_1)", "(y_0 - y_1)", K_MS_SCAN),
    ("layer, LTI: output for E", CHUNKS, "load(y, i * width) + (C_0 * h_0 + C_1 * h_1)",
     "load(y, i * width) - (C_0 * h_0 + C_1 * h_1)", K_MS_SCAN),
    ("projection: tiles of single rows", LINEAR, "_add_1x2(\n                p, p_at + r * p_row",
     "_add_1x2(\n                p, p_at", "tests/test_kernel_linear.py"),
    ("projection: blocks of one item", LINEAR, "grad, begin * grad_row", "grad, 0 * grad_row",
     "tests/test_kernel_linear.py"),
    ("pairs: turn", PAIRS, "a * im + b * re", "a * im - b * re",
     "tests/test_kernel_ms_scan_pairs.py::test_a_quarter_turn_and_half_as_much"),
    ("pairs: Ā", PAIRS, "- g_re * im_before", "+ g_re * im_before", K_PAIRS),
    ("pairs: C", PAIRS, "sum_E = sum_E - g_i * im", "sum_E = sum_E + g_i * im", K_PAIRS),
    ("pairs: state", PAIRS, "a * g_im - b * g_re", "a * g_im + b * g_re", K_PAIRS),
    ("pairs: output for E", PAIRS, "- E_j * im)\n            carried",
     "+ E_j * im)\n            carried", K_PAIRS),
    ("exported: nothing from the block before", "msssm_ts/model/cores/blocks.py",
     "across * h + now", "across * 0 + now", T_EXPORT_FORM),
    ("S4D: modes that fold over", S4D, "turn = 2 * torch.atan(step * self.frequency.to(dtype) / 2)",
     "turn = step * self.frequency.to(dtype)", "tests/test_s4d.py -k half_a_turn"),
    ("S4D: fast modes to the coarsest stream", MODES, "view(n_streams, -1).flip(0)",
     "view(n_streams, -1)", "tests/test_s4d.py -k coarsest"),
    ("S4D: Δ in place of the hold", S4D, "drive = step * torch.expm1(log) / log",
     "drive = step + 0 * log", "tests/test_s4d.py -k zero_order"),
    ("S4D: one of each pair", S4D, "2 * drive * torch", "drive * torch",
     "tests/test_s4d.py -k zero_order"),
    ("GRU: through the second gate", GRU_CPU, "kr = kc * ac * h * r * (one - r)",
     "kr = kc * ac * r * (one - r)", f"{K_GATED} -k every_gradient"),
    ("GRU: what is carried back", GRU_CPU, "kr * ar + kc * ac * r", "kr * ar + kc * ac",
     f"{K_GATED} -k every_gradient"),
    ("GRU: chunks begin at 0", GRU_CPU, "copy_in(kept, (b * chunks + chunk) * size",
     "copy_in(kept, b * chunks * size", f"{K_GATED} -k every_gradient"),
    ("LSTM: the gate sees the old cell", LSTM_CPU, "load(a, p + 4 * size) * new",
     "load(a, p + 4 * size) * c", f"{K_GATED} -k every_gradient"),
    ("LSTM: peephole of the carried cell", LSTM_CPU, "gs * (f + kf * pf)",
     "gs * f", f"{K_GATED} -k every_gradient"),
    ("Newton: residuals not looked at", NEWTON, "    if failed.any():\n        again",
     "    if False:\n        again", f"{K_GATED} -k newton"),
    ("Newton: three iterations", NEWTON, "MOST_ITERATIONS = 12", "MOST_ITERATIONS = 3",
     f"{K_GATED} -k newton"),
    ("gates too mild for an event", GATED, "_GATE_STD = 6.0", "_GATE_STD = 0.5",
     "tests/test_gated.py -k parity"),
    ("no unit turns a state over", GATED, "uniform_(-_LARGEST, _LARGEST)", "uniform_(0, _LARGEST)",
     "tests/test_gated.py -k parity"),
    ("memories of gates upside down", GATED, "self.first_gate * torch.log(steps - 1)",
     "-self.first_gate * torch.log(steps - 1)", "tests/test_gated.py -k log_uniform"),
    ("layer: bias of Δ", MS_SCAN, "total = total + value\n", "total = total - value\n", K_MS_SCAN),
    ("layer: weight of Δ", MS_SCAN, "total = total + value * spread",
     "total = total - value * spread", K_MS_SCAN),
    ("layer: factor of Δ", MS_SCAN, "load(lanes_low, to) + value * w",
     "load(lanes_low, to) - value * w", K_MS_SCAN),
    ("layer: through the gate", MS_SCAN, "value * (g * sigmoid(g))", "value * (g - sigmoid(g))",
     K_MS_SCAN),
    ("layer: slope of the gate", MS_SCAN, "one + g * (one - sig)", "one - g * (one - sig)",
     K_MS_SCAN),
    ("layer: D", MS_SCAN, "grad_skip + g_i * x_i", "grad_skip - g_i * x_i", K_MS_SCAN),
    ("layer: x of the skip", MS_SCAN, "store(grad_in, i * width, skip * g_i)",
     "store(grad_in, i * width, -skip * g_i)", K_MS_SCAN),
    ("layer: output of the skip", MS_SCAN, "store(y, i * width, skip * x_i)",
     "store(y, i * width, -skip * x_i)", K_MS_SCAN),
    ("layer: mix", MS_SCAN, "load(mix, m) + spread", "load(mix, m) - spread", K_MS_SCAN),
    ("layer: E", MS_SCAN, "load(lanes_E, i * width) + load(grad_mix, m) * y_i",
     "load(lanes_E, i * width) - load(grad_mix, m) * y_i", K_MS_SCAN),
    ("layer: x of the levels", MS_SCAN, "value = value + load(levels, at)",
     "value = value - load(levels, at)", K_MS_SCAN),
    # Kernels for the GPU, interpreted
    ("GPU: φ", GPU_FILTERS, "tl.sum(grad_a * a, 0", "tl.sum(-grad_a * a, 0", GPU),
    ("GPU: ψ", GPU_FILTERS, "tl.sum(grad_d * a, 0", "tl.sum(-grad_d * a, 0", GPU),
    ("GPU: x of approximations", GPU_FILTERS, "mask=in_c, other=0.0) * grad_a",
     "mask=in_c, other=0.0) * -grad_a", GPU),
    ("GPU: x of details", GPU_FILTERS, "mask=in_c, other=0.0) * grad_d",
     "mask=in_c, other=0.0) * -grad_d", GPU),
    ("GPU: x of the raw signal", GPU_FILTERS, "value += tl.load(raw + to",
     "value -= tl.load(raw + to", GPU),
    ("GPU: steps before a level's first", GPU_FILTERS, "known & (step >= -lead)",
     "known & (step >= 0)", GPU_EDGES + "_filters"),
    ("GPU: through the gate", GPU_SCAN, "grad * z * sig", "-grad * z * sig", GPU),
    ("GPU: slope of the gate", GPU_SCAN, "(1.0 + z *", "(1.0 - z *", GPU),
    ("GPU: D", GPU_SCAN, "sum_skip += tl.sum", "sum_skip -= tl.sum", GPU),
    ("GPU: E", GPU_SCAN, "tl.sum(grad_mix * out, 1", "tl.sum(-grad_mix * out, 1", GPU),
    ("GPU, S6: A", GPU_SCAN, "grad_a *= dt[", "grad_a *= -dt[", GPU),
    ("GPU, S6: B", GPU_SCAN, "tl.sum(grad_b, 2)", "tl.sum(-grad_b, 2)", GPU),
    ("GPU, S6: C", GPU_SCAN, "tl.sum(grad_c, 2)", "tl.sum(-grad_c, 2)", GPU),
    ("GPU, S6: Δ of the input", GPU_SCAN, "grad_dt + grad_in * u", "grad_dt - grad_in * u", GPU),
    ("GPU, S6: Δ of the decay", GPU_SCAN, "grad_dt += LN_2", "grad_dt -= LN_2", GPU),
    ("GPU, S6: x", GPU_SCAN, "grad_u = grad_in * dt +", "grad_u = -grad_in * dt +", GPU),
    ("GPU, LTI: Ā after the end", GPU_SCAN, "tl.where(valid[:, :, None], grad_a, 0.0)", "grad_a",
     GPU_LTI),
    ("GPU, LTI: B", GPU_SCAN, "tl.sum(grad_b, 0)", "tl.sum(-grad_b, 0)", GPU_LTI),
    ("GPU, LTI: x", GPU_SCAN, "grad_u = grad_in + skip", "grad_u = -grad_in + skip", GPU_LTI),
    ("GPU: bias of Δ", GPU_SCAN, "sum_bias += tl.sum", "sum_bias -= tl.sum", GPU),
    ("GPU: factor of Δ", GPU_SCAN, "tl.sum(pre * w, 1", "tl.sum(-pre * w, 1", GPU),
    ("GPU: states between tiles", GPU_SCAN, "between += n * d", "between += 0",
     "tests/test_triton_interpreter.py -k 'test_lengths and 11-0-2-3-s6'"),
    ("GPU: gradients of states", GPU_TILES, "grad += row_of(", "grad -= row_of(", GPU),
    ("GPU: states of all chunks", GPU_FORWARD, "chunks + t // CHUNK", "chunks", GPU),
    ("GPU: padding of the output", GPU_FORWARD, "mask=padding", "mask=padding & (t < 0)",
     GPU_EDGES),
    ("GPU: a sole segment's last state", GPU_HOST, "-1 if segments > 1 else 0", "-1", GPU_LTI),
    ("GPU: outputs share memory", GPU_HOST, "return own.copy_(value.reshape(like.shape))",
     "return value.reshape(like.shape).to(like.dtype)",
     "tests/test_triton_interpreter.py -k test_contract_operator"),
    ("GPU, pairs: turn", GPU_TURNS, "a * im + b * re", "a * im - b * re", T_GPU_PAIRS),
    ("GPU, pairs: gradients turn forward", GPU_TURNS, "turned(now_a, -now_b", "turned(now_a, now_b",
     T_GPU_PAIRS),
    ("GPU, pairs: carried gradients turn forward", GPU_TURNS, "a_im = -a_im", "a_im = a_im",
     T_GPU_PAIRS),
    ("GPU, pairs: carried from the wrong end", GPU_TURNS,
     "segments - 1 - k if BACKWARD else k", "k", T_GPU_PAIRS),
    ("GPU, pairs: states after the end", GPU_PAIRS, "tl.where(held, b[None, :, :], 0.0)",
     "tl.where(held, b[None, :, :], 0.0) + b[None, :, :]", T_GPU_PAIRS),
    ("GPU, pairs: the output's imaginary part", GPU_PAIRS,
     "c_re * after_re - c_im * after_im, 1)\n        tl.store(moved",
     "c_re * after_re + c_im * after_im, 1)\n        tl.store(moved", T_GPU_PAIRS),
    ("GPU, pairs: output for E", GPU_PAIRS,
     "out += tl.sum(c_re * after_re - c_im * after_im, 1)\n        grad_u",
     "out += tl.sum(c_re * after_re + c_im * after_im, 1)\n        grad_u", T_GPU_PAIRS),
    ("GPU, pairs: Ā, real", GPU_PAIRS, "+ grad_im * before_im", "- grad_im * before_im",
     T_GPU_PAIRS),
    ("GPU, pairs: Ā, imaginary", GPU_PAIRS, "- grad_re * before_im", "+ grad_re * before_im",
     T_GPU_PAIRS),
    ("GPU, pairs: C", GPU_PAIRS, "tl.sum(-after_im * g", "tl.sum(after_im * g", T_GPU_PAIRS),
    ("GPU, pairs: Ā after the end", GPU_PAIRS, "- grad_re * before_im, 0.0)",
     "- grad_re * before_im, grad_im * before_re - grad_re * before_im)", T_GPU_PAIRS),
    ("GPU, pairs: the states kept", GPU_PAIRS, "tl.store(kept + d + at, im",
     "tl.store(kept + at, im", T_GPU_PAIRS),
    ("file: checksum not compared", TENSOR_FILE, "len(written) != 2 or written[part] != found",
     "len(written) != 2", T_TENSORS),
    ("file: tensors may overlap", TENSOR_FILE, "if entry.begin != end:",
     "if entry.begin > end:", T_TENSORS),
    ("file: a key twice", STRICT, "if len(found) < len(pairs):", "if not pairs:", T_TENSORS),
    ("file: True is a number", "msssm_ts/file_checks.py", "if type(value) is not int or",
     "if not isinstance(value, int) or", T_MODEL_FILE),
    ("file: checksum not demanded", "msssm_ts/fitted/artifact.py",
     "if version >= FIRST_WITH_CHECKSUM", "if version > FIRST_WITH_CHECKSUM", T_MODEL_FILE),
    ("file: too little weight", "msssm_ts/fitted/schema.py", "if abs(total - 1) > _TOLERANCE:",
     "if total - 1 > _TOLERANCE:", T_MODEL_FILE),
    ("file: shapes not compared", "msssm_ts/members/tensors.py",
     "isinstance(want, int) and want != n for", "isinstance(want, int) and want > n for",
     T_MODEL_FILE),
    ("file: a node that follows itself", FOREST, "if (after <= np", "if (after < np",
     T_MODEL_FILE),
    ("file: two parents of a node", FOREST, ".any() or (parents > 1).any()", ".any()",
     T_MODEL_FILE),
    ("file: features that there are not", TREES, "-1, n_features - 1)", "-1, np.inf)",
     T_MODEL_FILE),
    ("file: thresholds of other features", SCAN_RIDGE,
     'if features.n_features != len(arrays["mean"]):',
     'if features.n_features < len(arrays["mean"]) // 8:', T_MODEL_FILE),
    ("file: answers that add up to less", "msssm_ts/fitted/answers.py", "if abs(worst - 1) > _TOL",
     "if worst - 1 > _TOL", T_MODEL_FILE),
    ("beside: leaves of a few rows are believed", BESIDE_FOREST,
     "(mass + fewest * answers[parent[level]]) / (all_mass + fewest)",
     "(mass + 1e-3 * answers[parent[level]]) / (all_mass + 1e-3)", T_BESIDE),
    ("beside: what was frequent counts twice", BESIDE_MEMBER, "np.log(proba) - np.log(prior)",
     "np.log(proba)", T_BESIDE),
    ("beside: groups in two folds", BESIDE_MEMBER,
     "np.arange(len(targets)) if groups is None else", "np.arange(len(targets)) if True else",
     T_BESIDE),
    ("beside: told of evenly", "msssm_ts/fitting/beside.py",
     "            share,\n", "            own[known],\n", T_BESIDE),
    ("beside: noise votes", "msssm_ts/beside/joint.py", "gain.sum() > error + ",
     "gain.sum() > -99 + ", T_BESIDE),
    ("beside: windows have other series' rows", "msssm_ts/series/prepared.py",
     "features.take(self.owner)", "features.take(self.owner[::-1])", T_BESIDE),
    ("beside: series of no weight keep their rows", "msssm_ts/fitting/data.py",
     "self.features.take(index)", "self.features", T_BESIDE),
    ("beside: an unknown category is the first", "msssm_ts/beside/columns.py",
     "there = np.isin(texts, self.categories)", "there = texts != ''", T_BESIDE),
    ("beside: --with is not asked for by name", "msssm_ts/cli/given/matching.py",
     "missing = [name for name in wanted if name not in there]", "missing: list[str] = []",
     "tests/test_beside_read.py"),
    ("beside: recordings' rows stay in the table's order",
     "msssm_ts/datasets/recordings/manifest.py", "for f in files] for c in self.beside)",
     "for f in reversed(files)] for c in self.beside)", "tests/test_beside_read.py"),
    ("file: a stream forgets that it began", "msssm_ts/fitted/streaming.py",
     "begun = self._begun | ", "begun = ", T_MODEL_FILE),
    # Beats
    ("beats: an interval spans a gap", CONTEXT, "before[1:][np.diff(stretches) != 0] = np.nan",
     "pass", T_BEATS),
    ("beats: a mean with the interval itself", CONTEXT,
     "np.arange(len(values))\n    return ratio(s", "np.arange(len(values)) + 1\n    return ratio(s",
     T_BEATS),
    ("beats: five minutes as one", CONTEXT, "_LONG = 300.0", "_LONG = 60.0", T_BEATS),
    ("beats: only those that are series are neighbours", "msssm_ts/datasets/wfdb/cuts.py",
     "cached, file, [b.sample for b in beats]", "cached, file, [beats[i].sample for i in inside]",
     T_BEATS),
    ("beats: a width beyond the next wave", MORPHOLOGY, "points < peak[:, None]), points, -1).max",
     "points < peak[:, None]), points, 99).min", T_BEATS),
    ("beats: not moved to fit", MORPHOLOGY, "range(-4, 5)", "range(0, 1)", T_BEATS),
    ("beats: blocks forget what was before", MORPHOLOGY, "max(first - _LAST, 0)", "first", T_BEATS),
    ("ec57: fusion beats are false VEB", EC57, "(\"F\", \"Q\"), \"S\"", "(\"Q\",), \"S\"", T_EC57),
    ("ec57: columns for rows", EC57, "np.add.at(counts, ([place[x] for x in a.tolist()], "
     "[place[x] for x in b.tolist()]), 1)", "np.add.at(counts, ([place[x] for x in b.tolist()], "
     "[place[x] for x in a.tolist()]), 1)", T_EC57),
    ("ec57: two beats are a class", EC57, "true >= LEAST_BEATS", "true", T_EC57),
    ("ec57: rest with all", EC57, "if name not in without}", "}", T_EC57),
    # Annotated records
    ("annotate: pieces joined at a beat", DETECTION,
     "seam = (edges[widest] + edges[widest + 1]) / 2", "seam = border", T_ANNOTATE),
    ("annotate: beats beside their peaks", DETECTION, "places + near.argmax(1) - reach",
     "places + reach", T_ANNOTATE),
    ("annotate: a window beyond the record", "msssm_ts/annotation/batches.py",
     "(first <= starts) & (stops <= last)", "(first <= places) & (places <= last)", T_ANNOTATE),
    ("annotate: features of the first beats", "msssm_ts/annotation/batches.py",
     "features.take(some)", "features.take(some - some[0])", T_ANNOTATE),
    ("annotate: a run spans a gap", RHYTHM, "and not gaps[place]", "", T_ANNOTATE),
    ("annotate: bigeminy ends after its last V", RHYTHM, "last -= not early[last]", "last -= 0",
     T_ANNOTATE),
    ("annotate: an interval spans a gap", "msssm_ts/annotation/annotated.py",
     "found[1:][np.diff(within) != 0] = np.nan", "pass", T_ANNOTATE),
    ("annotate: a rhythm goes on in a gap", "msssm_ts/annotation/pieces.py",
     "and found[-1].stop == start", "", T_ANNOTATE),
    ("annotate: days in one piece", DETECTION, "n = max(round((last - first) / size), 1)", "n = 1",
     T_ANNOTATE),
    ("annotate: another's file replaced", "msssm_ts/cli/annotate/request.py", "force=self.force",
     "force=True", T_ANNOTATE),
    ("crossval: fitted to all", CV_RUN, "train, test = self.series.take(fold.train), ",
     "train, test = self.series, ", T_CROSSVAL),
    ("crossval: groups torn apart", CV_FOLDS, "= StratifiedKFold if codes is None else ",
     "= StratifiedKFold or ", T_CROSSVAL),
    ("crossval: the same parts again", CV_FOLDS, "random_state=(seed + repeat)",
     "random_state=(seed)", T_CROSSVAL),
    ("crossval: other parts, whatever the seed", CV_FOLDS, "random_state=(seed + repeat)",
     "random_state=(repeat)", T_CROSSVAL),
    ("crossval: finished folds again", CV_RUN, "if answers is None:", "if True:", T_CROSSVAL),
    ("crossval: repeats count as series", CV_SCORES, "if answered.groups is None and ",
     "if False and ", T_CROSSVAL),
    ("crossval: the most probable class", CV_RUN, "columns[labels.chosen_columns(own)]",
     "columns[own.argmax(1)]", T_CROSSVAL),
    ("crossval: columns of a lacking class", CV_RUN, "proba[:, columns] = own",
     "proba[:, : own.shape[1]] = own", T_CROSSVAL),
    ("crossval: rows as the folds come", CV_RUN, "np.lexsort((test, repeat))",
     "np.argsort(repeat, kind=\"stable\")", T_CROSSVAL),
    ("crossval: a model beside it", RUN_FOLDER, "if file != result and ", "if False and ",
     T_CROSSVAL),
    ("crossval: models of another", CROSSVAL, "if file.stem not in stages:", "if False:",
     T_CROSSVAL),
    ("curve: groups torn apart", CV_PARTS, "if groups is None else groups.astype(str)",
     "if True else groups.astype(str)", T_CURVE),
    ("curve: a class lost", CV_PARTS, "if (counts[each] > 0)[missing].any():", "if False:",
     T_CURVE),
    ("curve: parts beside each other", CV_PARTS, "(seed, fold.repeat, fold.number)",
     "(seed, fold.repeat, fold.number, part)", T_CURVE),
    ("curve: the first series", CV_PARTS, "rng.permutation(np.flatnonzero(stratum == each))",
     "np.flatnonzero(stratum == each)", T_CURVE),
    ("curve: read from chance", CV_CURVE, "<= _CLEAR * last[\"se\"]", "<= 0", T_CURVE),
    ("curve: more than all right", CV_CURVE, ", 1 - accuracy)", ", 1)", T_CURVE),
    ("tune: less is no better", TUNE_SEARCH, "-1.0 if self.score == \"log_loss\" else 1.0", "1.0",
     T_TUNE),
    ("tune: the same settings again", TUNE_SEARCH, "self.candidates.identity(choices) not in known",
     "True", T_TUNE),
    ("tune: given up by two folds", TUNE_SEARCH, "_FEWEST_FOLDS, _UNLIKELY = 3,",
     "_FEWEST_FOLDS, _UNLIKELY = 2,", T_TUNE),
    ("tune: given up, and the best", TUNE_SEARCH, "if trial.state == FINISHED]", "]", T_TUNE),
    ("tune: no end in time", TUNE_SEARCH, "> self.seconds", "> 1e9", T_TUNE),
    ("tune: finished folds again", TUNE_SEARCH, "if kept is not None:\n                found",
     "if False:\n                found", T_TUNE),
    ("tune: settings of nobody", TUNE_CHOICES, "return not wanted or ", "return True or ", T_TUNE),
    ("tune: trained in vain is absent", TUNE_SEARCH, "if found[\"epochs\"]:", "if False:", T_TUNE),
    ("tune: best.toml as asked", TUNE, "{**asked, **best}", "{**best, **asked}", T_TUNE),
    ("tune: more trials forgotten", RESUMING, "elif name in _MORE and said:", "elif False:",
     T_TUNE),
    ("notes: nothing set aside, unsaid", FIT_NOTES, "if not is_of_use:", "if False:", T_CONFIG),
    ("spectra's settings beside raw", PREPARING, "if features == \"raw\" or", "if", T_CONFIG),
    ("limits left out", PREPARING, "return (limits,) * n", "return None", T_CONFIG),
    ("resumed: another command's", RESUMING, "if kept.command != command:", "if False:",
     T_CROSSVAL),
    ("config: the file wins", CONFIG, "if source != \"COMMANDLINE\":", "if True:", T_CONFIG),
    ("config: true is a number", CONFIG, " and not isinstance(given, bool)\n", "\n", T_CONFIG),
    ("config: any size", CONFIG, "high is None or given <= high", "True", T_CONFIG),
    ("config: unknown keys", CONFIG, "if not any(name in known for known in _KEYS.values()):",
     "if False:", T_CONFIG),
    ("config: left out unsaid", CONFIG, "others.append(name)", "pass", T_CONFIG),
    ("config: replaces unasked", RESUMING, "(*_FREE, \"force\")", "_FREE", T_CONFIG),
    ("config: DEL in a text", CONFIG, "visible(json.dumps(value, ensure_ascii=False), json=True)",
     "json.dumps(value, ensure_ascii=False)", T_CONFIG),
    ("importance: a series is its own donor", IMPORTANCE, "np.roll(order, 1)", "order",
     T_IMPORTANCE),
    ("importance: all channels swapped", IMPORTANCE, "swapped[channel] = other[channel, from_]",
     "swapped[:] = other[:, from_]", T_IMPORTANCE),
    ("importance: series as independent units", IMPORTANCE, "np.arange(n) if groups is None",
     "np.arange(n) if True", T_IMPORTANCE),
    ("importance: error of the sum", IMPORTANCE, ") / rows.shape[-1]", ")", T_IMPORTANCE),
    ("importance: steps for seconds", "msssm_ts/analysis/importance/figure.py",
     "return seconds * edges", "return 100 * edges", T_IMPORTANCE),
    ("card: settings that had nothing to act on", CARD, "kinds.intersection(spec.concerns)", "True",
     T_CARD),
    ("card: no groups where it is not known", CARD, "None if known is None else known.get(\"n_gr",
     "0 if known is None else known.get(\"n_gr", T_CARD),
    ("card: scores of other classes", "msssm_ts/analysis/card/recorded.py",
     "if list(found) != names:", "if False:", T_CARD),
    ("card: names act in Markdown", "msssm_ts/analysis/card/markdown.py", "return _ACTS.sub(",
     "return visible(value) or _ACTS.sub(", T_CARD),
    ("notebook: names are markup", "msssm_ts/html.py",
     "html.escape(visible(value), quote=True)", "visible(value)", T_PLOTS),
    ("plots: predicted by true", "msssm_ts/analysis/results/confusion_figure.py",
     "axis.text(j, i, str(counts[i, j])", "axis.text(i, j, str(counts[i, j])", T_PLOTS),
    ("plots: specificity of all", "msssm_ts/analysis/results/operating_figure.py",
     "found[~truth].mean(0)", "found.mean(0)", T_PLOTS),
)]
# fmt: on


def copied(folder: Path) -> None:
    """Copy the package and its tests into a folder."""
    for name in ("msssm_ts", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def rewrite(file: Path, source: str) -> None:
    """Write a module, and drop what Python has compiled of it: its time and size may be alike."""
    file.write_text(source)
    Path(cache_from_source(str(file))).unlink(missing_ok=True)


def run_tests(
    folder: Path, file: str, changed: str | None, tests: str, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy of the tree, one file of which reads ``changed`` for as long."""
    environment = os.environ | {"MSSSM_TS_CACHE_DIR": str(folder / "cache")}
    if "triton" in file:
        environment |= {"TRITON_INTERPRET": "1", "MSSSM_TS_BACKEND": "triton"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    source = (folder / file).read_text()
    rewrite(folder / file, source if changed is None else changed)
    try:
        return subprocess.run(
            [*command, *shlex.split(tests)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
    finally:
        rewrite(folder / file, source)


def survives(bug: Bug, folder: Path) -> bool:
    """Whether the tests in a copy of the tree pass in spite of the bug."""
    source = (folder / bug.file).read_text()
    if (n := source.count(bug.before)) != 1:
        raise SystemExit(f"{bug.name}: {bug.file} has {n} times: {bug.before}")
    done = run_tests(folder, bug.file, source.replace(bug.before, bug.after), bug.tests)
    # 1: tests failed; anything else but 0 is a mistake in the table.
    if done.returncode not in (0, 1):
        raise SystemExit(f"{bug.name}: pytest could not run {bug.tests}\n{done.stdout}")
    return done.returncode == 0


def main() -> int:
    """Plant the bugs; return 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME", help="bugs with NAME in their names")
    parser.add_argument("--list", action="store_true", help="tell the bugs' names and stop")
    options = parser.parse_args()
    chosen = [bug for bug in BUGS if options.only in bug.name]
    if options.list:
        print(*(bug.name for bug in chosen), sep="\n")  # noqa: T201
        return 0
    n_survived = 0
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        copied(Path(name))
        for bug in chosen:
            alive = survives(bug, Path(name))
            n_survived += alive
            print(f"{'SURVIVED' if alive else 'killed':8}  {bug.name}", flush=True)  # noqa: T201
    print(f"{len(chosen) - n_survived} of {len(chosen)} killed, {n_survived} survived")  # noqa: T201
    return int(n_survived > 0)


if __name__ == "__main__":
    sys.exit(main())
