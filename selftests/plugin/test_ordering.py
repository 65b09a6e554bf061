from selftests.plugin.conftest import Suite


def test_slow_statements_begin_in_chunks_of_their_own_and_those_that_run_alone_come_last(suite: Suite) -> None:
    marks = {1: "", 2: "", 3: "serial", 4: "slow", 5: "", 6: "disruptive", 7: "slow"}
    for number, mark in marks.items():
        suite.add(f"EXH-0{number}", before=f"@pytest.mark.{mark}" if mark else "")
    ran = sorted(suite.run().results.values(), key=lambda result: result.started)
    assert [result.id[-1] for result in ran] == ["4", "1", "7", "2", "5", "3", "6"]
