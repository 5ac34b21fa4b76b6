"""The JSON Schema of the contract language, for editors.

It knows shapes: which keys a table has, what kind each value is, what is
required, which keys go together, and what fits a type that is spelled out. What
needs the whole contract (does this type exist, does that default fit an alias)
and what compares numbers is the compiler's. ``schemas/xpcrpc.schema.json`` holds the text; a test
compares the two. To write it anew::

    python -m xpcrpc.codegen.jsonschema > schemas/xpcrpc.schema.json
"""

from .contract import json_schema, schema_text

__all__ = ["json_schema", "schema_text"]
