"""``python -m xpcrpc.codegen``: the same as the command ``xpcrpc``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
