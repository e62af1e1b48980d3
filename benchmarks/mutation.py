"""Change single operators and numbers of the package, and count the changes that no test notices.

By hand, from anywhere: ``python benchmarks/mutation.py [--sample N] [--seed S] [--only MODULE]``,
where MODULE is the beginning of a path below ``msssm_ts/``. A sample of all such changes is made in
a copy of the tree, one at a time, and the fast tests of the module are run. Results go to
``benchmarks/results/mutation.txt`` (with ``--only``, to stdout alone), in which the phrase behind a
survivor, why it survives, is written by hand and stays as long as the survivor does.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import parso
import torch
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from machine import machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from plant_bugs import copied, run_tests  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "mutation.txt"
PACKAGES = ("fitting", "members", "fitted", "training", "model")
LEFT_OUT = re.compile(r"graph.*\.py|export\.py")
# Of cosmic-ray's operators those whose mutants a person could have written.
OPERATORS = re.compile(
    "core/(AddNot|ExceptionReplacer|NumberReplacer|RemoveDecorator|ZeroIterationForLoop"
    "|Replace(True|False|And|Or|Break|Continue)With.*|ReplaceUnaryOperator_(USub_UAdd|Delete_Not)"
    "|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul"
    "|BitAnd_BitOr)|ReplaceComparisonOperator_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Eq_NotEq|NotEq_Eq"
    "|Is_IsNot|IsNot_Is))"
)
# The files of tests by the longest beginning that fits, beside the examples of the module itself.
TESTS = {
    "fitting": "fitting validation targets presets",
    "members": "voters presets",
    "members/network": "fitting presets estimator",
    "fitted": "fitting golden presets",
    "fitted/early": "early",
    "fitted/streaming": "streaming",
    "training": "training user_requests prepared_training",
    "model": "model minimal core_registry",
    "model/recurrent": "streaming",
    "model/step": "streaming",
}
# What takes more than some three seconds (``pytest --durations=50``) is left out.
SLOW = (
    "three_fifths or handful or enough_get_one or several_labels_at or adds_nothing or terminal"
    " or move_the or logits_come or best_epoch_are or lazy_series_is or another_sampling"
    " or learn_tones or compile_and or networks_agree or numba or reads_a_stream or it_trains"
    " or in_steps or graph_compiler or layer_is_what or fused_steps"
)


class Mutant(NamedTuple):
    """The ``occurrence``-th change that an operator can make to a file."""

    file: str
    line: int
    operator: str
    occurrence: int

    @property
    def package(self) -> str:
        """The folder below the package."""
        return self.file.split("/")[1]

    @property
    def source(self) -> str:
        """The file with the change."""
        before = (ROOT / self.file).read_text()
        return mutate_code(before, get_operator(self.operator)(), self.occurrence)

    @property
    def text(self) -> str:
        """The line before and after."""
        before = (ROOT / self.file).read_text().splitlines()
        after = self.source.splitlines()
        same = len(before) == len(after)
        new = " ".join(after[self.line - 1].split()) if same else "(removed)"
        return f"{before[self.line - 1].strip()}  →  {new}"


def mutants_of(file: str) -> Iterator[Mutant]:
    """Give all mutants of a file, but for those of its messages."""
    nodes = list(ast_nodes(parso.parse((ROOT / file).read_text())))
    for name in filter(OPERATORS.fullmatch, operator_names()):
        change: Any = get_operator(name)()
        places = [(node, at) for node in nodes for at in change.mutation_positions(node)]
        for i, (node, ((line, _), _)) in enumerate(places):
            if not parso.tree.search_ancestor(node, "raise_stmt", "fstring"):
                yield Mutant(file, line, name, i)


def tests_of(file: str) -> str:
    """Give the arguments of pytest for a file."""
    name = file.removeprefix("msssm_ts/")
    tests = TESTS[max((prefix for prefix in TESTS if name.startswith(prefix)), key=len)]
    return " ".join(f"tests/test_{test}.py" for test in tests.split()) + f" -k 'not ({SLOW})'"


def table(everything: list[Mutant], tried: dict[Mutant, str]) -> str:
    """Lay out the results, with the reasons of survivors that the last table gave."""
    old = RESULTS.read_text() if RESULTS.exists() else ""
    reasons = {row[0::2]: row[1] for row in re.findall(r"^  (\S+):\d+: (.*)\n {4}(.*)$", old, re.M)}
    rows = [", ".join(f"{k} {v}" for k, v in machine(torch.device("cpu")).items()), ""]
    ends = ("killed", "survived", "timed out")
    rows += [f"{'':10}" + "".join(f"{name:>10}" for name in ("mutants", "drawn", *ends))]
    for package in PACKAGES:
        own = sorted(mutant for mutant in tried if mutant.package == package)
        of_end = [sum(tried[mutant] == end for mutant in own) for end in ends]
        n = sum(mutant.package == package for mutant in everything)
        rows.append(f"{package:10}" + "".join(f"{c:10}" for c in (n, len(own), *of_end)))
        for mutant in own:
            if tried[mutant] == "survived":
                reason = reasons.get((mutant.file, mutant.text), "?")
                rows += [f"  {mutant.file}:{mutant.line}: {reason}", f"    {mutant.text}"]
    return "\n".join(rows) + "\n"


def outcome(mutant: Mutant, folder: Path, seconds: float) -> str:
    """Try a mutant in a copy of the tree."""
    tests = f"{mutant.file} {tests_of(mutant.file)}"
    try:
        done = run_tests(folder, mutant.file, mutant.source, tests, seconds)
    except subprocess.TimeoutExpired:
        return "timed out"
    return "killed" if done.returncode else "survived"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=120, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--only", default="", metavar="MODULE", help="fitting, model/stem, ...")
    options = parser.parse_args()
    paths = sorted(p for q in PACKAGES for p in (ROOT / "msssm_ts" / q).rglob("*.py"))
    files = [str(p.relative_to(ROOT)) for p in paths if not LEFT_OUT.fullmatch(p.name)]
    files = [file for file in files if file.startswith(f"msssm_ts/{options.only}")]
    everything = [mutant for file in files for mutant in mutants_of(file)]
    drawn = random.Random(options.seed).sample(everything, min(options.sample, len(everything)))
    limits: dict[str, float] = {}
    tried: dict[Mutant, str] = {}
    with tempfile.TemporaryDirectory(prefix="mutated-") as name:
        copied(Path(name))
        try:
            for mutant in drawn:
                tests = tests_of(mutant.file)
                if tests not in limits:
                    # The first time compiles kernels; what it takes is limit enough.
                    begin = time.monotonic()
                    done = run_tests(Path(name), mutant.file, None, tests)
                    if done.returncode:
                        raise SystemExit(f"without a mutant, {tests} fail:\n{done.stdout}")
                    limits[tests] = 30 + 3 * (time.monotonic() - begin)
                tried[mutant] = outcome(mutant, Path(name), limits[tests])
                print(f"{tried[mutant]:9} {mutant.file}:{mutant.line}: {mutant.text}", flush=True)
        except KeyboardInterrupt:
            print("interrupted: the table is of the mutants so far")
    text = table(everything, tried)
    print(text)
    if not options.only:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
