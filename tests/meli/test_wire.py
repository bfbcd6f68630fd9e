import ast
import os
from pathlib import Path

import painelml.meli
from painelml.meli.wire import shared_session

MELI = Path(painelml.meli.__file__).parent
ROOT = MELI.parent.parent


def imported(path: Path) -> set[str]:
    """Return the top-level names a file imports, `.` for its own package."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level or str(node.module).split(".")[0])
    return names


def test_the_door_knows_nothing_of_the_house():
    known = set().union(*(imported(path) for path in MELI.glob("*.py")))

    assert not known & {"django", "celery", "..", "painelml", "accounts", "catalog", "orders"}


def test_nothing_else_speaks_http():
    ours = [
        path for path in ROOT.glob("[a-z]*/**/*.py") if path.parts[len(ROOT.parts)] not in ("tests", "bench")
    ]
    callers = {str(path.relative_to(ROOT)) for path in ours if "requests" in imported(path)}

    assert callers == {"painelml/meli/wire.py", "painelml/meli/door.py"}


def test_a_process_has_one_pool_and_a_forked_worker_its_own():
    mine = shared_session()
    assert shared_session() is mine

    child = os.fork()
    if child == 0:
        os._exit(0 if shared_session() is not mine else 1)

    assert os.waitpid(child, 0)[1] == 0
