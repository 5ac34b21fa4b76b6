"""One method of a protocol: its constant, its place in the client and in the server."""

from __future__ import annotations

from attrs import define, frozen

from .. import naming
from ..model import DEFAULT_WINDOW, MISSING, Contract, Field, Method, StructType
from ..typeexpr import Optional
from .layout import Call, docstring, flat, lay_out, sentence, text_literal
from .limits import limits_doc
from .services import rule_call
from .spelling import Spelling, field_name, prefixed, request_names, type_name
from .types import notes


@frozen
class MethodView:
    """One method; all texts are laid out."""

    constant: str
    client_signature: str
    client_doc: str
    client_body: str
    server_signature: str
    server_doc: str


@frozen
class _Types:
    """The types of one method, as annotations."""

    request: str | None
    reply: str
    items_in: str | None
    items_out: str | None


@define
class Parameters:
    """A table of fields as keywords of a function, and what the function makes of them."""

    spell: Spelling
    taken: frozenset[str]

    def parameter(self, one: Field) -> str:
        """``name: type = default``"""
        python = field_name(None, one, self.taken)
        annotation = self.spell.annotation(one.type)
        if one.default is MISSING:
            end = " = None" if isinstance(one.type, Optional) else ""
            return f"{python}: {annotation}{end}"
        if self.spell.is_mutable(one):
            return f"{python}: {annotation} | None = None"
        value = flat(self.spell.literal(one.type, one.default))
        return f"{python}: {annotation} = {value}"

    def argument(self, one: Field) -> str:
        """``name=name``, with a mutable default made anew."""
        python = field_name(None, one, self.taken)
        if one.default is MISSING or not self.spell.is_mutable(one):
            return f"{python}={python}"
        value = flat(self.spell.literal(one.type, one.default))
        return f"{python}={value} if {python} is None else {python}"

    def said(self, table: StructType) -> list[str]:
        """A docstring's lines about the keywords that the contract says something about."""
        lines = []
        for one in table.fields:
            said = notes(one, limits=limits_doc(self.spell.contract, one))
            if said:
                python = field_name(None, one, self.taken)
                lines.append(f"    {python}: {' '.join(said.split())}")
        return ["", "Args:", *lines] if lines else []

    def made(self, python: str, table: StructType) -> Call:
        """The object of class ``python``."""
        return Call(f"{python}(", tuple(map(self.argument, table.fields)))


@define
class MethodBuilder:
    """Decides everything that is printed for one method."""

    contract: Contract
    spell: Spelling
    method: Method
    name: str
    """The module's name for its constant."""

    def view(self) -> MethodView:
        """All of it."""
        python = naming.spelled(self.method.name, naming.METHOD_NAMES)
        types, facts = self._types()
        return MethodView(
            constant=self._constant(python, types, facts),
            client_signature=self._client_signature(python, types),
            client_doc=docstring(self._doc("Call", self._arguments()), 2),
            client_body=self._client_body(types),
            server_signature=self._server_signature(python, types),
            server_doc=docstring(self._doc("Serve", []), 2),
        )

    def _types(self) -> tuple[_Types, list[str]]:
        """Annotations, and the arguments that state them."""
        method, spell = self.method, self.spell
        facts: list[str] = []

        def stated(key: str, annotation: str, value: str) -> str:
            facts.append(f"{key}={value}")
            return annotation

        request = None
        if isinstance(method.request, StructType):
            request = spell.declared(type_name(method.request.name))
        elif method.request is not None:
            request = spell.named(method.request)
        if request is not None:
            stated("request", request, request)
        reply = "None"
        if isinstance(method.reply, StructType):
            reply = spell.declared(type_name(method.reply.name))
            stated("reply", reply, reply)
        elif method.reply is not None:
            reply = stated("reply", *spell.value(method.reply))
        stream = method.stream
        items_in = items_out = None
        if stream is not None and stream.items_in is not None:
            items_in = stated("items_in", *spell.value(stream.items_in))
        if stream is not None and stream.items_out is not None:
            items_out = stated("items_out", *spell.value(stream.items_out))
        return _Types(request, reply, items_in, items_out), facts

    def _constant(self, python: str, types: _Types, stated: list[str]) -> str:
        method = self.method
        if types.request is None:
            self.spell.public("Empty")
        facts: list[Call | str] = [
            f'name="{python}"',
            f"selector={text_literal(method.selector)}",
            *stated,
        ]
        if method.errors:
            errors = tuple(self.spell.declared(type_name(name)) for name in method.errors)
            facts.append(Call("errors=(", errors, trailing="," if len(errors) == 1 else ""))
        if method.oneway:
            facts.append("oneway=True")
        elif method.deadline_ns is not None:
            facts.append(f"timeout_s={method.deadline_ns / 10**9!r}")
        if method.idempotent:
            facts.append("idempotent=True")
        if method.serial:
            facts.append("serial=True")
        if method.stream is not None and method.stream.window != DEFAULT_WINDOW:
            facts.append(f"window={method.stream.window}")
        if method.stream is not None and method.stream.overflow != "block":
            overflow = self.spell.stub("Overflow")
            facts.append(f"overflow={overflow}.{method.stream.overflow.upper()}")
        if method.requires is not None:
            self.spell.imports.add("xpcrpc", "rules")
            facts.append(prefixed("requires=", rule_call(method.requires)))
        kind = f"Method[{types.request or 'Empty'}, {types.reply}]"
        return exploded(f"{self.name}: Final[{kind}] = Method(", facts)

    def _client_signature(self, python: str, types: _Types) -> str:
        method = self.method
        parameters = Parameters(self.spell, request_names(method))
        arguments = ["self"]
        table = method.request if isinstance(method.request, StructType) else None
        if table is None and types.request is not None:
            arguments.append(f"request: {types.request}")
        if types.items_in is not None:
            arguments.append(f"items: {self.spell.stub('AsyncIterable')}[{types.items_in}]")
        if (table is not None and table.fields) or not method.oneway:
            arguments.append("*")
        if table is not None:
            arguments.extend(map(parameters.parameter, table.fields))
        if not method.oneway:
            arguments.append("timeout_s: float | None = None")
        if types.items_out is None:
            return lay_out(
                Call(f"async def {python}(", tuple(arguments), f") -> {types.reply}:"), 1
            )
        result = f"{self.spell.stub('Stream')}[{types.items_out}]"
        return lay_out(Call(f"def {python}(", tuple(arguments), f") -> {result}:"), 1)

    def _client_body(self, types: _Types) -> str:
        method = self.method
        made: Call | str = "request"
        if types.request is None:
            made = "Empty()"
        elif isinstance(method.request, StructType):
            made = Parameters(self.spell, request_names(method)).made(types.request, method.request)
        if method.oneway:
            return lay_out(Call("await self._send(", (self.name, made)), 2)
        arguments = (self.name, made, "timeout_s")
        if types.items_out is not None:
            items = ("items",) if types.items_in is not None else ()
            return lay_out(Call("return self._stream(", (*arguments, *items)), 2)
        ending = "return await" if method.reply is not None else "await"
        if types.items_in is not None:
            return lay_out(Call(f"{ending} self._collect(", (*arguments, "items")), 2)
        return lay_out(Call(f"{ending} self._call(", arguments), 2)

    def _server_signature(self, python: str, types: _Types) -> str:
        arguments = ["self"]
        if types.request is not None:
            arguments.append(f"request: {types.request}")
        if types.items_in is not None:
            arguments.append(f"items: {self.spell.stub('AsyncIterator')}[{types.items_in}]")
        arguments.append("context: CallContext")
        if types.items_out is None:
            return lay_out(
                Call(f"async def {python}(", tuple(arguments), f") -> {types.reply}:"), 1
            )
        # Not a coroutine: an async generator overrides it.
        result = f"{self.spell.stub('AsyncIterator')}[{types.items_out}]"
        return lay_out(Call(f"def {python}(", tuple(arguments), f") -> {result}:"), 1)

    def _arguments(self) -> list[str]:
        """What is to say about the keywords."""
        request = self.method.request
        if not isinstance(request, StructType):
            return []
        return Parameters(self.spell, request_names(self.method)).said(request)

    def _doc(self, verb: str, arguments: list[str]) -> str:
        method = self.method
        lines = [notes(method) or f"{verb} ``{method.name}``.", *arguments]
        if method.errors:
            lines += ["", "Raises:"]
        for name in method.errors:
            error = self.contract.errors[name]
            meaning = (
                error.doc.split("\n\n")[0].replace("\n", " ") if error.doc else f"Code {error.code}"
            )
            lines.append(f"    {type_name(name)}: {sentence(meaning)}")
        return "\n".join(lines)


def exploded(opening: str, arguments: list[Call | str]) -> str:
    """A call with a line for each argument, however short."""
    lines = [opening, *(lay_out(argument, 1, ",") for argument in arguments), ")"]
    return "\n".join(lines)
