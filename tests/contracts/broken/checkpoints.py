"""Ways to break the fake checkpoint store."""

from __future__ import annotations

from tests.planting import PlantedBug

_CHECKPOINTS = "tests.fakes.checkpoints"

BUGS = (
    PlantedBug(
        "claim-ignores-the-lease",
        _CHECKPOINTS,
        "\n                or stored.leased(claim.now)",
        "",
        "a page is claimed only where nobody has it",
    ),
    PlantedBug(
        "replace-ignores-a-revived-lease",
        _CHECKPOINTS,
        "if free_at is not None and stored.leased(free_at):",
        "if False:",
        "a run changes hands only while nobody is at work on it",
    ),
    PlantedBug(
        "claim-ignores-the-chain",
        _CHECKPOINTS,
        "\n        and stored.chain.chain_id == chain_id",
        "",
        "the chain is the fencing token",
    ),
    PlantedBug(
        "claim-ignores-the-page",
        _CHECKPOINTS,
        "\n        and stored.page == page",
        "",
        "each page is advanced once, in order",
    ),
    PlantedBug(
        "settle-ignores-the-owner",
        _CHECKPOINTS,
        "owner = stored.lease.owner if stored.lease else None",
        "owner = held.lease.owner if held.lease else None",
        "who was overtaken settles nothing",
    ),
    PlantedBug(
        "settle-takes-back-a-late-mark",
        _CHECKPOINTS,
        "replace(new, chain=stored.chain) if new.chain == held.chain else new",
        "new",
        "a page once marked as published stays so",
    ),
    PlantedBug(
        "settle-moves-the-mark-in-any-case",
        _CHECKPOINTS,
        "            if stored is None or not _still_held(stored, held):\n"
        "                return Refused(stored)\n            if watermark:\n"
        "                self._move(held.key.user_id, watermark)\n",
        "            if watermark:\n                self._move(held.key.user_id, watermark)\n"
        "            if stored is None or not _still_held(stored, held):\n"
        "                return Refused(stored)\n",
        "mark and checkpoint are one atomic write",
    ),
    PlantedBug(
        "begin-overwrites-a-run",
        _CHECKPOINTS,
        "Refused(stored) if stored else self._store(run)",
        "self._store(run)",
        "a run begins only where there is none",
    ),
    PlantedBug(
        "replace-overwrites-a-change",
        _CHECKPOINTS,
        " or stored.revision != seen.revision",
        "",
        "only what was seen is replaced",
    ),
    PlantedBug(
        "extend-counts-as-a-change",
        _CHECKPOINTS,
        "self._runs[held.key] = replace(stored, lease=replace(stored.lease, until=until))",
        "self._store(replace(stored, lease=replace(stored.lease, until=until)))",
        "an extension is not a change",
    ),
    PlantedBug(
        "extend-revives-the-lost",
        _CHECKPOINTS,
        "if stored is None or not _still_held(stored, held) or stored.lease is None:",
        "if stored is None or stored.lease is None:",
        "a lease that was taken over is not extended",
    ),
    PlantedBug(
        "watermark-goes-back",
        _CHECKPOINTS,
        "if not gap and (mark is None or mark < to.through):",
        "if not gap:",
        "forward, never back",
    ),
    PlantedBug(
        "watermark-jumps-over-a-gap",
        _CHECKPOINTS,
        "if not gap and (mark",
        "if (mark",
        "only if no gap is left behind the mark",
    ),
    PlantedBug(
        "mark-published-goes-back",
        _CHECKPOINTS,
        "and stored.chain.published_page < continuation.page <= stored.page",
        "and continuation.page <= stored.page",
        "a later mark stays",
    ),
    PlantedBug(
        "mark-published-runs-ahead",
        _CHECKPOINTS,
        "continuation.page <= stored.page",
        "continuation.page",
        "only pages that the run has reached",
    ),
    PlantedBug(
        "due-before-lists-completed-runs",
        _CHECKPOINTS,
        "\n            and run.status is RunStatus.RUNNING\n            and run.due_at",
        "\n            and run.due_at",
        "only runs that are running",
    ),
    PlantedBug(
        "due-before-is-due-at",
        _CHECKPOINTS,
        "run.due_at < instant",
        "run.due_at <= instant",
        "due before the instant, not at it",
    ),
    PlantedBug(
        "checkpoint-lives-for-ever",
        _CHECKPOINTS,
        "gone = run is None or run.updated_at + self._ttl <= self._clock.now()",
        "gone = run is None",
        "a checkpoint that has outlived its time is gone",
    ),
    PlantedBug(
        "clear-always-says-yes",
        _CHECKPOINTS,
        "found = self._alive(key) is not None",
        "found = True",
        "False if there was none",
    ),
)
