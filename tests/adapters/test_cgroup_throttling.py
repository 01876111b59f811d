"""For how long the kernel kept us from running, in both generations of control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.adapters.cgroup_throttling import CgroupThrottling

V2 = "usage_usec 900\nnr_periods 10\nnr_throttled 3\nthrottled_usec 2500000\n"
V1 = "nr_periods 10\nnr_throttled 3\nthrottled_time 2500000000\n"


@pytest.mark.parametrize(
    ("groups", "stat", "text", "why"),
    [
        ("0::/\n", "cpu.stat", V2, "a container sees its own group as the root"),
        ("0::/system.slice/pantau\n", "system.slice/pantau/cpu.stat", V2, "a unit of systemd"),
        ("4:cpu,cpuacct:/a\n0::/\n", "cpu,cpuacct/a/cpu.stat", V1, "generation 1"),
        ("1:cpu:/a\n", "cpu/a/cpu.stat", V1, "generation 1, mounted alone"),
        ("1:cpu:/a/b/c\n", "cpu/cpu.stat", V1, "the group's path is of another namespace"),
        ("", "cpu.stat", V2, "the process's own groups cannot be read"),
    ],
)
def test_it_is_read_wherever_the_kernel_tells_it(tmp_path: Path, groups, stat, text, why):
    (tmp_path / "proc" / "self").mkdir(parents=True)
    if groups:
        (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    file = tmp_path / "cgroup" / stat
    file.parent.mkdir(parents=True)
    file.write_text(text)
    read = CgroupThrottling(proc=tmp_path / "proc", mounted=tmp_path / "cgroup")
    assert read.throttled_s() == pytest.approx(2.5), why


@pytest.mark.parametrize(
    "text", [None, "", "throttled_usec\n", "throttled_usec many\n", "\x00\xff"]
)
def test_where_nothing_tells_nothing_is_held_against_the_agent(tmp_path: Path, text):
    if text is not None:
        (tmp_path / "cpu.stat").write_text(text)
    assert CgroupThrottling(proc=tmp_path, mounted=tmp_path).throttled_s() == 0.0


def test_a_group_that_is_gone_later_is_no_error(tmp_path: Path):
    (tmp_path / "cpu.stat").write_text(V2)
    read = CgroupThrottling(proc=tmp_path, mounted=tmp_path)
    (tmp_path / "cpu.stat").unlink()
    assert read.throttled_s() == 0.0


def test_this_very_machine_can_be_asked():
    assert CgroupThrottling().throttled_s() >= 0.0
