"""Open a page in headless Chromium and say what a person would see of it."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

# Runs in the page: how large its plots are drawn, which colours, and what was loaded.
MEASURE = """<script>
addEventListener('load', () => {
  const plots = [...document.querySelectorAll('svg.plot')].map(svg => ({
    label: svg.getAttribute('aria-label'),
    width: svg.getBoundingClientRect().width,
    height: svg.getBoundingClientRect().height,
    shapes: [...svg.querySelectorAll('rect, circle, polyline')].filter(shape => {
      const box = shape.getBoundingClientRect();
      const style = getComputedStyle(shape);
      return box.width > 0 && box.height > 0 && (style.fill !== 'none' || style.stroke !== 'none');
    }).length,
  }));
  const seen = {
    plots,
    loaded: performance.getEntriesByType('resource').map(entry => entry.name),
    overflow: document.documentElement.scrollWidth > innerWidth,
    text: document.body.innerText,
  };
  document.body.innerHTML = '<pre id="seen"></pre>';
  document.getElementById('seen').textContent = JSON.stringify(seen);
});
</script>"""


@dataclass(frozen=True)
class Seen:
    """What the browser drew, loaded and complained about, and a picture of it."""

    plots: list[dict[str, Any]]
    loaded: list[str]
    overflow: bool
    text: str
    complaints: list[str]
    picture: Path


def look(page: str, folder: Path) -> Seen:
    """Return what is seen of the HTML `page`; the picture is kept in `folder`."""
    path = folder / "page.html"
    picture = folder / "page.png"
    path.write_text(page, "utf-8")
    _chromium(folder, f"--screenshot={picture}", "--window-size=1100,4000", path.as_uri())
    path.write_text(page.replace("</body>", MEASURE + "</body>"), "utf-8")
    done = _chromium(folder, "--window-size=1100,4000", "--dump-dom", path.as_uri())
    (seen,) = re.findall(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(**json.loads(unescape(seen)), complaints=complaints, picture=picture)


def _chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("chromium") or pytest.skip("chromium is not installed")
    done = subprocess.run(
        [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--enable-logging=stderr", "--virtual-time-budget=5000"),
            *arguments,
        ],
        env=os.environ | {"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done
