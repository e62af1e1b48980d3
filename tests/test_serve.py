"""``msssm-ts serve``: the same answers as ``predict``, and what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import jsonschema
import numpy as np
import pytest
from commands import run
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from stream_cases import a_series, causal

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.terminal import terminal_of
from msssm_ts.datasets import LabelledSeries
from msssm_ts.errors import InputError
from msssm_ts.optional import install
from msssm_ts.serving.app import application
from msssm_ts.serving.batching import Batcher, together
from msssm_ts.serving.limits import Limits
from msssm_ts.serving.terminal import Terminal

RNG = np.random.default_rng(3)
HOME = "http://localhost"


def two_channels(n: int, lengths: tuple[int, int] = (20, 30)) -> list[np.ndarray]:
    """Series whose second channel is larger in every other one."""
    found = []
    for i in range(n):
        series = RNG.normal(size=(2, int(RNG.integers(*lengths))))
        series[1] *= 1 + 4 * (i % 2)
        found.append(series.round(4))
    return found


def table(series: list[np.ndarray], labels: list[str] | None = None) -> str:
    """A long table of them."""
    lines = ["id,time,left,right,age" + (",label" if labels else "")]
    for i, one in enumerate(series):
        for t, (a, b) in enumerate(one.T.tolist()):
            label = f",{labels[i]}" if labels else ""
            lines.append(f"s{i},{t},{a},{b},{50 + i}{label}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folders of models, and tables."""
    folder = tmp_path_factory.mktemp("serve")
    labels = ["<b>calm</b>", "loud"] * 20
    (folder / "train.csv").write_text(table(two_channels(40), labels))
    (folder / "test.csv").write_text(table(two_channels(7)))
    options = ("--preset", "fast", "--drop", "age", "--fs", "10", "--quiet")
    run("fit", folder / "train.csv", "--out", folder / "run", *options)
    causal(n_channels=2, missing="mask").save(folder / "causal")
    return folder


@pytest.fixture(scope="module")
def terminal(files: Path) -> Terminal:
    return terminal_of(str(files / "run"), "cpu", None)


def client_of(terminal: Terminal, **limits: Any) -> TestClient:
    return TestClient(application(terminal, Limits(**limits)), base_url=HOME)


@pytest.fixture(scope="module")
def client(terminal: Terminal) -> Iterator[TestClient]:
    with client_of(terminal) as found:
        yield found


def predicted(files: Path, *options: str) -> Any:
    words = ("predict", files / "run", files / "test.csv", "--json", *options)
    return json.loads(run(*words)[0])


def test_a_file_is_answered_as_by_predict(client: TestClient, files: Path) -> None:
    data = (files / "test.csv").read_bytes()
    for options in ({}, {"coverage": "0.8"}, {"coverage": "0.8", "reject": "true"}):
        words = [f"--{k}={v}" if v != "true" else f"--{k}" for k, v in options.items()]
        answer = client.post("/predict", files={"file": ("test.csv", data)}, data=options)
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"] == predicted(files, *words)
    options = {"threshold": "0.999", "positive": "loud"}
    answer = client.post("/predict", files={"file": ("test.csv", data)}, data=options)
    beyond = client.post("/predict", files={"file": ("a.csv", data)}, data={"threshold": "2"})
    assert beyond.json() == {"error": "--threshold 2: must be a probability, from 0 to 1"}
    words = ("--threshold", "0.999", "--positive", "loud")
    assert answer.json()["predictions"] == predicted(files, *words)
    # What was understood is said, by the name that the client gave.
    _, said = run("predict", files / "run", files / "test.csv", "--json")
    shown = [line.removeprefix(f"{files / 'test.csv'}: ") for line in said.splitlines()]
    assert answer.json()["said"] == [s for s in shown if not s.startswith("labels: ")]


def test_series_are_answered_as_a_file_of_them(client: TestClient, files: Path) -> None:
    rows = [line.split(",") for line in (files / "test.csv").read_text().splitlines()[1:]]
    ids = list(dict.fromkeys(row[0] for row in rows))
    columns = {"left": 2, "right": 3}
    series = [
        {name: [float(r[c]) for r in rows if r[0] == i] for name, c in columns.items()} for i in ids
    ]
    request = {"series": series, "ids": ids, "sampling_rate": 10, "coverage": 0.8}
    answer = client.post("/predict", json=request)
    assert answer.json()["predictions"] == predicted(files, "--coverage", "0.8")
    # Channels as lists, in another order, with names; one by itself.
    turned = {"series": [[series[2]["right"], series[2]["left"]]], "sampling_rate": 10}
    turned["channel_names"] = ["right", "left"]
    alone = client.post("/predict", json=turned).json()
    assert "taken by name" in alone["said"][0]
    bare = client.post("/predict", json={"series": series[2], "sampling_rate": 10}).json()
    expected = [{**predicted(files)[2], "id": 1}]
    assert alone["predictions"] == bare["predictions"] == expected


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ([1, 2], "must be an object"),
        ({"series": []}, "none is there"),
        ({"series": [["a"]]}, "'a' is no number"),
        ({"series": [[True, 2]]}, "'True' is no number"),
        ({"series": [[1, 2]]}, "1 channel, but the model was trained on 2 (left, right)"),
        ({"series": [[[1, 2], [3]]]}, "channels of 1 and of 2 steps"),
        ({"series": [[[1], [2]], [[1]]]}, "series 2 has 1 channel, but series 1 has 2"),
        ({"series": [{"left": [1], "up": [2]}]}, "channel right, which the model needs"),
        ({"series": [{"left": [1], "right": [1e39]}]}, "infinite"),
        ({"series": [{"left": [1], "right": [10**400]}]}, "larger than any"),
        ({"series": [[[1], [2]]], "ids": ["a", "b"]}, "2 ids, 2 different ones, for 1 series"),
        ({"series": [[[1], [2]]], "sampling_rate": -1}, "must be positive"),
        ({"series": [[[1], [2]]], "coverage": 1.5}, "--coverage 1.5: must be between 0 and 1"),
        ({"series": [[[1], [2]]], "coverage": True}, "coverage 'True': must be a number"),
        ({"series": [[[1], [2]]], "reject": True}, "give that, too"),
        ({"series": [[[1], [2]]], "samplingrate": 1}, "'samplingrate': no such field"),
    ],
)
def test_what_is_refused(client: TestClient, request_: Any, sentence: str) -> None:
    answer = client.post("/predict", json=request_)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert list(answer.json()) == ["error"]


def test_json_that_is_none(client: TestClient) -> None:
    kind = {"Content-Type": "application/json"}
    for body, sentence in {
        b'{"series": [1,}': "not JSON",
        b"\xff": "no text in UTF-8",
        b"[" * 100_000: "nested too deeply",
        b'{"series": [NaN]}': "a missing value is null",
        b'{"series": [1], "series": [2]}': "'series' is there twice",
    }.items():
        answer = client.post("/predict", content=body, headers=kind)
        assert (answer.status_code, sentence in answer.json()["error"]) == (400, True), body[:20]
    assert client.post("/predict", content=b"1,2").status_code == 415
    asked = client.post("/predict?coverage=0.9", json={"series": [1]})
    for answer in (asked, *(client.get(f"{path}?x=1") for path in ("/", "/info", "/health"))):
        assert answer.status_code == 400
        assert "no address takes a query" in answer.json()["error"]
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert "cannot be read" in client.post("/predict", content=b"\0", headers=kind).json()["error"]
    assert client.get("/predict").status_code == 405
    assert "no such address" in client.get("/nowhere").json()["error"]


def test_files_say_what_the_terminal_says(
    client: TestClient, files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = {"a.csv": b"left,up,label\n1,2,x\n", "b.csv": b"", "c.npz": b"PK", "d.xyz": b"1"}
    for name, content in given.items():
        (files / name).write_bytes(content)
        _, terminal = run("predict", files / "run", files / name, "--json", code=2)
        answer = client.post("/predict", files={"file": (f"../there/{name}", content)})
        assert answer.status_code == 400
        assert f"msssm-ts: {answer.json()['error']}" == terminal.splitlines()[-1].replace(
            f"{files}/", ""
        )
    (tmp_path / "elsewhere.wav").write_bytes(b"RIFF")
    lists = f"file,label\n{tmp_path / 'elsewhere.wav'},a\n".encode()
    for content in (lists, lists.replace(b"elsewhere", b"nowhere")):
        answer = client.post("/predict", files={"file": ("list.csv", content)})
        assert answer.json()["error"] == (
            "list.csv: lists recordings that did not come with it; send them and it together"
        )
    for name in ("..", " ", "x" * 300):
        assert "is no name" in client.post("/predict", files={"file": (name, b"1")}).json()["error"]
    twice = [("file", ("a.csv", b"1")), ("file", ("x/a.csv", b"2"))]
    assert "came twice" in client.post("/predict", files=twice).json()["error"]
    odd = client.post("/predict", files={"file": ("a.csv", b"1")}, data={"fs": "fast"})
    assert odd.json()["error"] == "fs 'fast': must be a number"
    assert "no file came" in client.post("/predict", files={"fs": (None, "3")}).json()["error"]
    # Nothing that came stays.
    assert [f.name for f in tmp_path.iterdir()] == ["elsewhere.wav"]


def test_limits(terminal: Terminal, files: Path) -> None:
    data = (files / "test.csv").read_bytes()
    sent: list[int] = []

    def much() -> Iterator[bytes]:
        for _ in range(100):
            sent.append(1)
            yield b" " * 1000

    with client_of(terminal, max_bytes=10_000, max_series=2) as client:
        said = client.post("/predict", content=b"x" * 20_000)
        assert (said.status_code, said.json()["error"][:36]) == (
            413,
            "the request is larger than the 10 kB",
        )
        kind = {"Content-Type": "application/json"}
        assert client.post("/predict", content=much(), headers=kind).status_code == 413
        many = client.post("/predict", files={"file": ("test.csv", data)})
        assert (many.status_code, many.json()["error"]) == (
            413,
            "test.csv: 7 series, but this server takes 2 at a time (--max-series); send them in "
            "parts",
        )


def test_a_body_is_not_read_beyond_the_limit(terminal: Terminal) -> None:
    """Neither what says that it is larger, nor what turns out to be."""
    app = application(terminal, Limits(max_bytes=10))

    def received(headers: list[tuple[bytes, bytes]]) -> tuple[int, int]:
        n_received, status = 0, 0

        async def receive() -> dict[str, Any]:
            nonlocal n_received
            n_received += 1
            return {"type": "http.request", "body": b"123456", "more_body": True}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers]
        scope = {"type": "http", "method": "POST", "path": "/predict", "headers": headers}
        scope |= {"query_string": b"", "scheme": "http", "server": ("localhost", 80)}
        scope |= {"http_version": "1.1", "root_path": "", "client": ("127.0.0.1", 1)}
        asyncio.run(app(scope, receive, send))
        return status, n_received

    assert received([(b"content-length", b"11")]) == (413, 0)
    assert received([]) == (413, 2)


def test_token(terminal: Terminal) -> None:
    with client_of(terminal, token="secret") as client:
        for given in ({}, {"Authorization": "Bearer secre"}, {"Authorization": "Basic secret"}):
            for path in ("/info", "/openapi.json"):
                answer = client.get(path, headers=given)
                assert answer.status_code == 401
                assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert client.post("/predict", json={}, headers=given).status_code == 401
            with (
                pytest.raises(WebSocketDisconnect),
                client.websocket_connect("ws://localhost/stream", headers=given),
            ):
                pass
        # The page knows nothing of the model; whether the server lives is nobody's secret.
        assert client.get("/").status_code == client.get("/health").status_code == 200
        right = {"Authorization": "Bearer secret"}
        assert client.get("/info", headers=right).status_code == 200
        assert client.get("/openapi.json", headers=right).json()["security"] == [{"token": []}]


def test_pages_from_elsewhere_are_refused(client: TestClient, terminal: Terminal) -> None:
    assert client.get("/info", headers={"Host": "rebound.example"}).status_code == 403
    assert client.get("/info", headers={"Origin": "http://other.example"}).status_code == 403
    assert client.get("/info", headers={"Origin": HOME, "Host": "localhost"}).status_code == 200
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://localhost/stream", headers={"Origin": "http://other"}),
    ):
        pass
    with client_of(terminal, hosts=("name.example",)) as behind_a_proxy:
        ours = {"Host": "Name.example:8080", "Origin": "https://Name.example:8080"}
        assert behind_a_proxy.get("/info", headers=ours).status_code == 200
        other = {"Host": "rebound.example"}
        assert behind_a_proxy.get("/info", headers=other).status_code == 403
    with client_of(terminal, local=False) as open_to_all:
        assert open_to_all.get("/info", headers={"Host": "name.example"}).status_code == 200


def test_info_page_and_headers(client: TestClient, files: Path) -> None:
    assert client.get("/info").json() == json.loads(run("info", files / "run", "--json")[0])
    assert client.get("/health").json() == {"status": "ok"}
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page.text)
    for path in ("/", "/info", "/nowhere"):
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_openapi_is_true(client: TestClient, files: Path) -> None:
    document = client.get("/openapi.json").json()
    paths = document["paths"]

    def schema(path: str, status: str = "200") -> dict[str, Any]:
        found = paths[path].get("post") or paths[path]["get"]
        own = found["responses"][status]["content"]["application/json"]["schema"]
        return {**own, "components": document["components"]}

    for path in ("/predict", "/inspect"):
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]
        jsonschema.Draft202012Validator.check_schema(body["schema"])
        jsonschema.validate(body["example"], body["schema"])
        answer = client.post(path, json=body["example"])
        assert answer.status_code == 200, answer.text
        jsonschema.validate(answer.json(), schema(path))
        refused = client.post(path, json={"series": "no"})
        jsonschema.validate(refused.json(), schema(path, "400"))
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"series": "no"}, body["schema"])
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**body["example"], "unknown": 1}, body["schema"])
    given = {"file": ("test.csv", (files / "test.csv").read_bytes())}
    answer = client.post("/predict", files=given, data={"coverage": "0.8", "reject": "1"})
    jsonschema.validate(answer.json(), schema("/predict"))
    for path in ("/health", "/info"):
        jsonschema.validate(client.get(path).json(), schema(path))
    assert "/stream` is not for this model: only a network alone" in document["info"]["description"]


def test_one_series_is_looked_at(client: TestClient, files: Path) -> None:
    data = {"file": ("test.csv", (files / "test.csv").read_bytes())}
    seen = client.post("/inspect", files=data, data={"show": "s3"}).json()
    assert seen["prediction"] == predicted(files)[3]
    assert [c["name"] for c in seen["channels"]] == ["left", "right"]
    lines = [ln.split(",") for ln in (files / "test.csv").read_text().splitlines()[1:]]
    right = [float(line[3]) for line in lines if line[0] == "s3"]
    assert seen["n_steps"] == len(right)
    np.testing.assert_allclose(seen["channels"][1]["low"], right, rtol=1e-4)
    importance = seen["importance"]
    assert (importance["begins"], importance["ends"]) == (0, len(right))
    assert importance["of"] == seen["prediction"]["prediction"]
    # What tells the classes apart is in the second channel.
    falls = {c["name"]: float(np.abs(c["values"]).sum()) for c in importance["channels"]}
    assert falls["right"] > falls["left"]
    assert (
        client.post("/inspect", files=data, data={"show": "2"}).json()["prediction"]["id"] == "s1"
    )
    first = client.post("/inspect", files=data).json()
    assert first["said"][-1] == "the first of 7 series (show chooses another)"
    wrong = client.post("/inspect", files=data, data={"show": "s9"})
    assert "show s9: not in test.csv" in wrong.json()["error"]


def counting(terminal: Terminal) -> tuple[list[int], Callable[[LabelledSeries], Any]]:
    sizes: list[int] = []

    def predict(series: LabelledSeries) -> Any:
        sizes.append(series.n_series)
        return terminal.proba(series)

    return sizes, predict


def asked_at_once(
    predict: Callable[[LabelledSeries], Any], series: list[LabelledSeries], window: float
) -> list[Any]:
    async def ask() -> list[Any]:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(predict, thread, window)
            asked = [batcher.proba(one) for one in series]
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


@pytest.mark.parametrize("window", [0.05, 0.0])
def test_simultaneous_requests_are_predicted_together(terminal: Terminal, window: float) -> None:
    sizes, predict = counting(terminal)
    series = [LabelledSeries([one]) for one in two_channels(6)]
    series[3] = LabelledSeries(two_channels(2))
    # Of another rate: not together with the others.
    series.append(LabelledSeries(two_channels(1), sampling_rate=20.0))
    answers = asked_at_once(predict, series, window)
    assert sizes == ([7, 1] if window else [1, 1, 1, 2, 1, 1, 1])
    for one, answer in zip(series, answers, strict=True):
        np.testing.assert_array_equal(answer, terminal.proba(one))


def test_what_cannot_be_used_spoils_its_own_answer_only(terminal: Terminal) -> None:
    series = [LabelledSeries([one]) for one in two_channels(3)]
    series.insert(1, LabelledSeries([np.full((2, 5), np.inf)], source="mine"))
    answers = asked_at_once(terminal.proba, series, 0.05)
    wrong = answers.pop(1)
    assert isinstance(wrong, InputError)
    assert str(wrong).startswith("mine: ")
    series.pop(1)
    for one, answer in zip(series, answers, strict=True):
        np.testing.assert_array_equal(answer, terminal.proba(one))


def test_together_with_features_and_times() -> None:
    from msssm_ts.beside import as_side_features

    parts = [
        LabelledSeries(
            two_channels(n),
            times=[np.arange(3.0)] * n,
            features=as_side_features({"age": list(range(n)), "sex": ["f"] * n}, n),
            ids=np.arange(n),
        )
        for n in (1, 3)
    ]
    found = together(parts)
    assert found.n_series == len(found.times or ()) == 4
    assert found.features is not None
    assert found.features.columns[0].tolist() == [0, 0, 1, 2]
    assert found.ids is None


def test_a_failure_tells_the_client_nothing(terminal: Terminal) -> None:
    failures: list[Exception] = []

    def fails(series: LabelledSeries) -> Any:
        raise RuntimeError("/a/secret/path")

    app = application(replace(terminal, proba=fails), Limits(), failures.append)
    with TestClient(app, base_url=HOME, raise_server_exceptions=False) as client:
        answer = client.post("/predict", json={"series": [[[1, 2], [3, 4]]]})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert [str(f) for f in failures] == ["/a/secret/path"]


def test_stream(files: Path) -> None:
    terminal = terminal_of(str(files / "causal"), "cpu", None)
    series = a_series(2, length=9)
    with client_of(terminal, max_streams=1) as client:
        with client.websocket_connect("ws://localhost/stream") as socket:
            facts = socket.receive_json()
            about = {"channel_names": None, "classes": [0, 1], "sampling_rate": None}
            assert facts == {"n_channels": 2, **about}
            rows = []
            for step in series.T[:3].tolist():
                socket.send_json(step)
                rows += socket.receive_json()
            for bad, sentence in {
                "[1]": "step 1 has 1 value, but the model reads 2 channels",
                "[1, 1e40]": "infinite",
                '"rest"': "must be a list",
                "{": "not JSON",
            }.items():
                socket.send_text(bad)
                assert sentence in socket.receive_json()["error"]
            with client.websocket_connect("ws://localhost/stream") as other:
                assert "as many as this server has" in other.receive_json()["error"]
            socket.send_json(series.T[3:].tolist())
            rows += socket.receive_json()
            socket.send_json("reset")
            assert socket.receive_json() == {"step": 0}
            socket.send_json([None, None])
            assert socket.receive_json()[0]["prediction"] is None
        # The one that has gone leaves its place.
        with client.websocket_connect("ws://localhost/stream") as socket:
            assert socket.receive_json()["n_channels"] == 2
    assert [row["step"] for row in rows] == list(range(1, 10))
    expected = MSSSMClassifier.load(files / "causal").predict_proba([series])[0]
    np.testing.assert_allclose([rows[-1]["p_0"], rows[-1]["p_1"]], expected, atol=1.1e-5)


def test_a_model_that_reads_no_streams(client: TestClient) -> None:
    with client.websocket_connect("ws://localhost/stream") as socket:
        assert "only a network alone reads step by step" in socket.receive_json()["error"]
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == 1008


def test_options_that_are_refused(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for options, sentence in {
        ("--token", "two words"): "--token: must be letters",
        ("--max-bytes", "lots"): "--max-bytes lots: must be a size",
        ("--max-memory", "lots"): "--max-memory lots: must be a size",
        ("--allow-host", "http://ecg.example"): "--allow-host http://ecg.example: must be the name",
        ("--allow-host", "ecg.example:80"): "--allow-host ecg.example:80: must be the name alone",
        ("--host", "256.0.0.1"): "--host 256.0.0.1 --port 8000: cannot listen there",
    }.items():
        _, said = run("serve", files / "run", *options, code=2)
        assert sentence in said
    monkeypatch.setattr("msssm_ts.optional.find_spec", lambda name: None)
    _, said = run("serve", files / "run", code=2)
    missing = "serve needs starlette, which is not installed; run"
    assert said == f"msssm-ts: {missing}: {install('serve')}\n"


@pytest.fixture(scope="module")
def server(files: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that runs on its own, and its address."""
    process = subprocess.Popen(
        [*(sys.executable, "-m", "msssm_ts", "serve", str(files / "run"), "--port", "0")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MSSSM_TS_TOKEN": "of-the-environment"},
    )
    assert process.stdout is not None
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


TOKEN = "of-the-environment"


@pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium here")
def test_the_page_in_a_browser(server: tuple[Any, str], files: Path, tmp_path: Path) -> None:
    with browser.opened(tmp_path / "profile") as page:
        page.looks(375, "dark")
        page.open(server[1])
        page.wait_for("!by('token-form').hidden")
        page.evaluate(f"by('token').value = '{TOKEN}'; by('token-form').requestSubmit()")
        page.wait_for("by('model').textContent.includes('reads left, right at 10 Hz')")
        page.choose("#files", files / "test.csv")
        page.wait_for("document.querySelectorAll('#drawn svg .curve').length === 2")
        rows = predicted(files)
        assert page.evaluate("by('all-title').textContent") == "7 series"
        shown = page.evaluate("[...by('list').querySelectorAll('button')].map(b => b.innerText)")
        assert len(shown) == 5
        for row, text in zip(rows, shown, strict=False):
            assert text.split("\n")[:2] == [row["id"], row["prediction"]]
        # Names are text, whatever they look like.
        assert page.evaluate("document.querySelector('main b')") is None
        page.evaluate("by('on').click(); by('list').querySelectorAll('button')[1].click()")
        page.wait_for("!by('drawn').classList.contains('busy')")
        title = page.evaluate("by('one-title').textContent")
        assert title == f"Series s6: answer {rows[6]['prediction']}"
        best = f"{100 * max(v for k, v in rows[6].items() if k.startswith('p_')):.1f} %"
        assert best in page.evaluate("by('bars').innerText")
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        wrong = tmp_path / "wrong.csv"
        wrong.write_text("left,up\n1,2\n")
        page.choose("#files", wrong)
        said = page.wait_for("by('error').hidden ? '' : by('error').textContent")
        assert said.startswith("wrong.csv: 1 channel, but the model was trained on 2")
        assert page.evaluate("by('result').hidden")
        asked = [e["params"]["request"]["url"] for e in page.events if "request" in e["params"]]
        assert {url for url in asked if not url.startswith(server[1])} <= {"data:,"}
        errors = [e for e in page.events if e["method"] in ("Runtime.exceptionThrown",)]
        assert not errors


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on Unix")
def test_a_port_that_is_taken_and_the_end(server: tuple[Any, str], files: Path) -> None:
    process, address = server
    with urllib.request.urlopen(f"{address}health", timeout=20) as answer:
        assert json.load(answer) == {"status": "ok"}
    port = address.strip("/").rpartition(":")[2]
    _, said = run("serve", files / "run", "--port", port, code=2)
    assert "another program listens there" in said
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 130
    said = process.stderr.read().splitlines()
    assert said == [f"serving {files / 'run'} until Ctrl-C", "msssm-ts: interrupted"]


def test_anyone_may_ask_without_a_token(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def served(app: Any, listener: Any, max_bytes: int) -> None:
        assert (listener.getsockname()[1] > 0, max_bytes) == (True, 500_000)

    monkeypatch.setattr("msssm_ts.serving.run.run", served)
    options = ("--host", "0.0.0.0", "--port", "0", "--max-bytes", "500kB", "--json")
    out, said = run("serve", files / "run", *options)
    assert json.loads(out)["address"] == f"http://0.0.0.0:{json.loads(out)['port']}/"
    assert said.startswith("anyone who reaches 0.0.0.0 may ask this model, for there is no --token")
    assert "--token" not in run("serve", files / "run", *options, "--token", "x")[1]
