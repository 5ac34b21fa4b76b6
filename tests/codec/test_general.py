"""cattrs is loaded when the general way is first needed, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from generated import bench
from xpcrpc.codec import frame
from xpcrpc.codec.passes import decoder, encoder

small = bench.Small(name="n", number=1, first=True, second=False, third=True, blob=b"b")
encode, decode = encoder(bench.Small), decoder(bench.Small)
raw = encode(small, None)
assert decode(raw, 0, len(raw), ()) == (small, len(raw))
assert "cattrs" not in sys.modules, "a plain message loads cattrs"

from xpcrpc.codec.converter import converter

converter.register_unstructure_hook(bench.Small, lambda it: it.name)
converter.register_structure_hook(bench.Small, lambda value, _: small)
raw = encode(small, None)
assert frame.read_object(raw, 0, len(raw), iter(()))[0] == "n", "the hook is bypassed"
assert decode(raw, 0, len(raw), ()) == (small, len(raw))
"""


def test_a_plain_message_needs_no_cattrs_and_a_hook_of_later_is_not_bypassed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
