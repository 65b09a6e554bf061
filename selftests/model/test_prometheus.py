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
this is no series
"""


def test_series_are_read_with_their_labels() -> None:
    found = parse(SCRAPE)
    assert [one.name for one in found][:2] == ["metallb_allocator_addresses_total"] * 2
    assert found[0] == Series("metallb_allocator_addresses_total", {"pool": "one"}, 4.0)
    assert found[1].value == 1.8446744073709552e19
    assert found[3].labels == {}
    assert found[5].labels == {"text": 'a "quoted" \\ word'}


def test_time_stamps_and_other_lines_are_passed_over() -> None:
    assert [one.value for one in parse(SCRAPE) if one.name == "process_start_time_seconds"] == [1.7e9]
    assert len(parse(SCRAPE)) == 6


def test_selection_takes_every_series_with_the_labels() -> None:
    series = parse(SCRAPE)
    assert select(series, "metallb_allocator_addresses_total", pool="one") == {'metallb_allocator_addresses_total{pool="one"}': 4.0}
    assert len(select(series, "metallb_allocator_addresses_total")) == 2
    assert select(series, "metallb_allocator_addresses_total", pool="three") == {}
