from math import isnan

import pytest

from harness.model.errors import StatementFailed
from harness.model.prometheus import Series, parse, select

SCRAPE = r"""
# HELP metallb_allocator_addresses_total Number of usable IP addresses, per pool
# TYPE metallb_allocator_addresses_total gauge
metallb_allocator_addresses_total{pool="one"} 4
metallb_allocator_addresses_total{pool="two"} 1.8446744073709552e+19
metallb_speaker_announced{ip="192.0.2.1",node="a",protocol="layer2",service="ns/name"} 1
metallb_k8s_client_config_loaded_bool 1
process_start_time_seconds 1.7e+09 1395066363000
escaped{text="a \"quoted\" \\ word"} NaN
# TYPE metallb_layer2_gratuitous_sent counter
metallb_layer2_gratuitous_sent{ip="192.0.2.1"} 7
# TYPE request_duration_seconds histogram
request_duration_seconds_bucket{le="0.5"} 3
request_duration_seconds_bucket{le="+Inf"} 4
request_duration_seconds_sum 1.5
request_duration_seconds_count 4
"""


def test_series_are_read_with_their_labels() -> None:
    found = parse(SCRAPE)
    assert len(found) == 11
    assert [one.name for one in found][:2] == ["metallb_allocator_addresses_total"] * 2
    assert found[0] == Series("metallb_allocator_addresses_total", {"pool": "one"}, 4.0)
    assert found[1].value == 1.8446744073709552e19
    assert found[3].labels == {}
    assert found[4].value == 1.7e9
    assert found[5].labels == {"text": 'a "quoted" \\ word'}
    assert isnan(found[5].value)


def test_names_are_those_of_the_scrape_whatever_the_type() -> None:
    names = [one.name for one in parse(SCRAPE)][6:]
    assert names == ["metallb_layer2_gratuitous_sent", *["request_duration_seconds_" + end for end in ("bucket", "bucket", "sum", "count")]]


@pytest.mark.parametrize("text", ["<html>502 Bad Gateway</html>", 'cut{pool="one', "name value"])
def test_another_text_is_a_wrong_answer(text: str) -> None:
    with pytest.raises(StatementFailed, match="the text format of Prometheus"):
        parse(text)


def test_nothing_has_no_series() -> None:
    assert parse("") == []


def test_selection_takes_every_series_with_the_labels() -> None:
    series = parse(SCRAPE)
    assert select(series, "metallb_allocator_addresses_total", pool="one") == {'metallb_allocator_addresses_total{pool="one"}': 4.0}
    assert len(select(series, "metallb_allocator_addresses_total")) == 2
    assert select(series, "metallb_allocator_addresses_total", pool="three") == {}
