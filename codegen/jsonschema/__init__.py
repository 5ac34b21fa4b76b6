"""The JSON Schema of the contract language, for editors.

It knows shapes: which keys a table has, what kind each value is, what is
required. What needs the whole contract (does this type exist, does that default
fit) is the compiler's. ``schemas/xpcrpc.schema.json`` holds the text; a test
compares the two. To write it anew::

    python -m xpcrpc.codegen.jsonschema > schemas/xpcrpc.schema.json
"""

from .contract import json_schema, schema_text

__all__ = ["json_schema", "schema_text"]
