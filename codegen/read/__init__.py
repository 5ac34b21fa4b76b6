"""From TOML to the model; complaints about shape.

Meaning (does this type exist, does that default fit) is for `check`.
"""

from .contract import read_contract

__all__ = ["read_contract"]
