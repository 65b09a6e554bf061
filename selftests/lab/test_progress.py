import re
import threading

import pytest

from lab.progress import Progress


def test_a_step_is_one_line_with_its_seconds() -> None:
    said: list[str] = []
    progress = Progress(said.append)
    with progress.step("kind-node 1.36.3", "go build kubelet"):
        pass
    (line,) = said
    assert re.fullmatch(r"lab +kind-node 1\.36\.3 +go build kubelet +\d+\.\d s", line)
    progress.total()
    assert re.fullmatch(r"lab  steps: 1, \d+\.\d s in all", said[-1])


def test_a_step_that_fails_says_so() -> None:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt), Progress(said.append).step("python 3.13", "docker build"):
        raise KeyboardInterrupt
    assert re.search(r"failed after \d+\.\d s$", said[0])


def test_a_long_step_gives_signs_of_life() -> None:
    said: list[str] = []
    seen = threading.Event()

    def write(line: str) -> None:
        said.append(line)
        seen.set()

    with Progress(write, beat=0.01).step("kind-node 1.36.3", "go build kubelet"):
        assert seen.wait(10)
    assert "running for" in said[0]


def test_a_long_list_is_cut_short() -> None:
    said: list[str] = []
    with Progress(said.append).step("kind-node 1.36.3", f"go build {'kube-apiserver, ' * 10}"):
        pass
    assert "kube-apiserver, …" in said[0]
    assert len(said[0]) < 100


def test_where_nothing_was_done_the_total_says_so() -> None:
    said: list[str] = []
    Progress(said.append).total()
    assert said == ["lab  nothing to do"]
