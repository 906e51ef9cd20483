"""The pictures of the documentation show the program as it is; `make shots` renews them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.documents import ROOT

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are made on Python 3.11: other versions lay text out otherwise"
)


def test_no_picture_is_stale() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "screenshots", "--check"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "MESHTUI_HOME"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
