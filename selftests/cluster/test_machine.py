import platform

from harness.cluster import machine


def test_the_model_is_what_the_cpus_call_themselves() -> None:
    text = "processor\t: 0\nmodel\t\t: 106\nmodel name\t: Example(R) CPU   @ 2.60GHz\n\nprocessor\t: 1\nmodel name\t: another\n"
    assert machine.cpu_model(text) == "Example(R) CPU @ 2.60GHz"


def test_where_they_do_not_say_it_is_their_architecture() -> None:
    assert machine.cpu_model("processor\t: 0\nCPU implementer\t: 0x41\n") == platform.machine()


def test_this_machine_has_cpus_memory_and_a_kernel() -> None:
    assert machine.cpus() >= 1
    assert machine.memory() > 2**28
    assert " " in machine.kernel()
