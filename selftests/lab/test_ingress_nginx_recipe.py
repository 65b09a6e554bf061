import subprocess
from pathlib import Path

import pytest

RECIPE = Path(__file__).parents[2] / "lab" / "recipes" / "ingress-nginx-controller"
UPSTREAM = """\
pid {{ .PID }};
http {
    listen {{ .StatusPort }};
}

stream {
    lua_shared_dict backends 5M;
    server {
        listen 127.0.0.1:{{ .StreamPort }};
    }
}

{{ define "SERVER" }}
}
{{ end }}
"""


def adapt(template: Path) -> subprocess.CompletedProcess[str]:
    command = [RECIPE / "adapt-template", template, RECIPE / "modules.tmpl", RECIPE / "stream.tmpl"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


def test_modules_are_loaded_first_and_the_stream_block_is_replaced(tmp_path: Path) -> None:
    template = tmp_path / "nginx.tmpl"
    template.write_text(UPSTREAM)
    result = adapt(template)
    assert result.returncode == 0, result.stderr
    text = template.read_text()
    assert text.index("pid {{ .PID }};") < text.index("load_module") < text.index("http {")
    assert "lua_shared_dict backends" not in text
    assert text.count("stream {") == text.count("listen 127.0.0.1:{{ .StreamPort }};") == 1
    assert text.endswith('\n{{ define "SERVER" }}\n}\n{{ end }}\n')


@pytest.mark.parametrize("line", ["pid {{ .PID }};", "stream {", "        listen 127.0.0.1:{{ .StreamPort }};"])
@pytest.mark.parametrize("copies", [0, 2])
def test_an_unknown_layout_stops_the_build(tmp_path: Path, line: str, copies: int) -> None:
    template = tmp_path / "nginx.tmpl"
    template.write_text(UPSTREAM.replace(f"{line}\n", f"{line}\n" * copies))
    before = template.read_text()
    result = adapt(template)
    assert result.returncode == 1
    assert f"found {copies}" in result.stderr
    assert template.read_text() == before
