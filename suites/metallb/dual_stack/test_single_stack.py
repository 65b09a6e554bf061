"""Services that prefer both families on a cluster that has one."""

from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.dual_stack import SingleStack
from harness.systems.metallb.services import consistently_keep


@statement("FAM-08", MUST, CORE, source="https://github.com/metallb/metallb/issues/2723", covers=("ROW-MLB-080",))
def test_preference_on_a_single_stack_cluster_gives_one_address(single_stack: SingleStack) -> None:
    """On a cluster of one family a Service that prefers both MUST get one address of a pool of both, and keep it as others come and go."""
    pool = single_stack.pool(size=3)
    services = [single_stack.service(asked) for asked in (pool, None, pool)]
    given = [single_stack.wait_for_addresses(service, single_stack.family)[single_stack.family] for service in services]
    assert sorted(given) == sorted(map(str, pool.ranges[0])), f"three Services have not got every address of {pool} once: {given}"
    services[0].delete()
    consistently_keep(dict(zip(services[1:], given[1:], strict=True)))
    assert single_stack.wait_for_addresses(single_stack.service(pool), single_stack.family) == {single_stack.family: given[0]}
