"""What pyproject.toml cannot say: the extensions, the wheel's tag, and the packages.

`codegen/` is installed as `xpcrpc.codegen`, so that site-packages gains one
name. The packages are read from the tree: a new folder cannot be forgotten.
"""

import runpy
from pathlib import Path

from setuptools import setup

ROOTS = {"xpcrpc": Path("xpcrpc"), "xpcrpc.codegen": Path("codegen")}


def packages() -> list[str]:
    """The dotted name of every folder that holds a Python file."""
    found = set()
    for name, root in ROOTS.items():
        for module in root.rglob("*.py"):
            if "__pycache__" not in module.parts:
                found.add(".".join([name, *module.relative_to(root).parent.parts]))
    return sorted(found)


setup(
    packages=packages(),
    package_dir={name: str(root) for name, root in ROOTS.items()},
    cffi_modules=["xpcrpc/native/build.py:ffibuilder"],
    # By its path: the package cannot be imported before it is built.
    ext_modules=runpy.run_path("xpcrpc/native/build.py")["extensions"](),
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
