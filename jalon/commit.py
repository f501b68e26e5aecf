"""Putting a proposed plan in force: only in the place of the plan it was made for."""

from __future__ import annotations

from pathlib import Path

from data import codec
from data.errors import InputError
from data.model.plan import Plan


def require_in_force(plan_path: str) -> None:
    """Refuse to commit to what is no file."""
    if plan_path == "-":
        raise InputError("no_file", "a plan from stdin can't be replaced", "--commit", "name the plan's file")


def commit_plan(content: bytes, proposal: Plan, plan_path: Path) -> Path:
    """Write a plan in the place of the one it replaces; return where that one is kept.

    Raises
    ------
    InputError
        ``stale_plan``: the plan in force is another one than the proposal was made for.
    """
    in_force = codec.read(plan_path, Plan)
    if proposal.replaces != in_force.id:
        message = f"the proposal {proposal.id} replaces {proposal.replaces or 'no plan'}, in force is {in_force.id}"
        raise InputError("stale_plan", message, str(plan_path), "re-plan from the plan in force")
    kept = plan_path.with_name(f"{in_force.id}{plan_path.suffix}")
    codec.write_whole(kept, plan_path.read_bytes())
    codec.write_whole(plan_path, content)
    return kept
