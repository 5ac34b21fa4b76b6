"""The contract compiler: a TOML contract in, typed Python out.

The way of one contract::

    source   TOML text with the position of every key and value
    read     the text becomes the model; complaints about shape
    check    complaints about meaning, all of them at once
    view     what a template prints; every decision is made here
    emit     templates, then files

Nothing here imports the runtime; of `xpcrpc` only the exceptions are used.
"""

if __name__ != "xpcrpc.codegen":
    # A repository root on sys.path would otherwise give every class here a twin.
    raise ImportError(f"import this package as xpcrpc.codegen, not as {__name__}")
