"""What the steps of a set-up say of themselves."""

from harness.cluster.steps import Step, Steps


def test_a_kind_of_step_took_as_long_as_those_of_it_that_have_ended() -> None:
    steps = Steps(lambda _: None, [Step("create cluster a", 1.0, 30.0), Step("apply", 31.0, 4.0), Step("create cluster b", 40.0, 12.0)])
    assert steps.took("create cluster") == 42.0
    assert steps.took("delete") == 0
    with steps.step("delete cluster a"):
        assert steps.took("delete") == 0
    assert steps.took("delete") > 0
