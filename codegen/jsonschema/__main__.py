"""``python -m xpcrpc.codegen.jsonschema``: print the schema."""

from .contract import schema_text

print(schema_text(), end="")
