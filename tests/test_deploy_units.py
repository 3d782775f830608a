"""The units of docs/deploy, as systemd itself judges them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_deploy import DEPLOY, UNITS

# Tenths of systemd's figure, which newer releases may reckon a little differently: it is 1.7 now, and 8.5
# without what confines the services.
EXPOSURE = 20


@pytest.fixture
def analyze() -> str:
    """Give the program; skip where it is not installed."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return program


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Give copies of the units whose commands are there."""
    copies = []
    for path in (*UNITS, *sorted(DEPLOY.glob("*.timer"))):
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text("utf-8"), flags=re.MULTILINE)
        copies.append(tmp_path / path.name)
        copies[-1].write_text(text, "utf-8")
    return copies


def test_systemd_has_nothing_to_say_about_the_units(analyze: str, units: list[Path]) -> None:
    said = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_a_misspelt_unit_would_be_told_of(analyze: str, units: list[Path]) -> None:
    units[0].write_text(units[0].read_text("utf-8").replace("PrivateTmp=", "PrivateTemp="), "utf-8")
    said = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)

    assert "PrivateTemp" in said.stderr


def test_systemd_finds_the_services_little_exposed(analyze: str, units: list[Path]) -> None:
    services = [str(path) for path in units if path.suffix == ".service"]
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", *services]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized option" in found.stderr:
        pytest.skip("this systemd-analyze does not judge files")

    assert found.returncode == 0, [line for line in found.stdout.splitlines() if "exposure level" in line]


def test_all_services_are_confined_alike() -> None:
    blocks = {
        path.name: [part for part in path.read_text("utf-8").split("\n\n") if "NoNewPrivileges=" in part]
        for path in UNITS
    }

    assert all(len(found) == 1 for found in blocks.values())
    assert len({found[0].strip() for found in blocks.values()}) == 1
