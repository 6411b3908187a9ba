"""Frames: several datasets in memory, one of them current ([D] frames)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.state import State

DEFAULT_FRAME = "default"


def frame_not_found(name: str) -> StataError:
    return StataError(111, f"frame {name} not found")


def frame_data(state: State, name: str) -> Dataset:
    """The data of a frame, not to be modified; r(111)."""
    memory = state.memory
    if name == memory.frame:
        return memory.data
    if name not in memory.frames:
        raise frame_not_found(name)
    return memory.frames[name]


def set_frame_data(state: State, name: str, data: Dataset) -> None:
    """Give a frame, which may be new, other data."""
    if name == state.memory.frame:
        state.memory.data = data
    else:
        state.memory.frames[name] = data


def change_frame(state: State, name: str) -> None:
    """Make a frame the current one; r(111)."""
    memory = state.memory
    if name == memory.frame:
        return
    if name not in memory.frames:
        raise frame_not_found(name)
    memory.frames[memory.frame] = memory.data
    memory.data = memory.frames.pop(name).copy()
    memory.frame = name


@contextmanager
def in_frame(state: State, name: str) -> Iterator[None]:
    """Another frame is current in the body; the one that was comes back if it is still there."""
    before = state.memory.frame
    change_frame(state, name)
    try:
        yield
    finally:
        if before in state.memory.frames:
            change_frame(state, before)
