#!/usr/bin/env python
"""Django's door to the panel: `python manage.py help`."""

import os
import sys

try:
    from django.core.management import execute_from_command_line
except ImportError:
    sys.exit("Django is not installed here: run `make install`, then use .venv/bin/python.")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")
    if sys.argv[1:2] == ["demo"]:
        from painelml import demo

        demo.settle(os.environ, sys.argv[2:])
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
