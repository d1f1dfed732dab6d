"""Break fakes on purpose and run their contract suites, which must fail.

`python -m tests.contracts.broken` breaks each in a process of its own and prints what found it;
with a name it breaks that one, in this process, and shows the failing test.
"""

from __future__ import annotations

import sys

from tests.contracts.broken.hunting import find, hunt, hunt_all, table


def main(names: list[str]) -> int:
    """Exit codes: 0 found, 1 not found, 2 there is no such bug."""
    match names:
        case []:
            hunts = hunt_all()
            sys.stdout.write(table(hunts))
            return 0 if all(each.found_by for each in hunts) else 1
        case [name] if bug := find(name):
            found_by = hunt(bug)
            sys.stdout.write(f"{found_by}\n" if found_by else "")
            return 0 if found_by else 1
        case _:
            sys.stderr.write(f"no such broken fake: {' '.join(names)}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
