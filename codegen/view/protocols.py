"""The view of a protocol's module: its methods, client stub and server stub."""

from __future__ import annotations

from attrs import define, field, frozen

from .. import naming
from ..model import MISSING, Contract, Field, Method, Protocol, StructType
from ..typeexpr import Optional
from .imports import Imports
from .layout import Call, docstring, flat, lay_out, sentence, text_literal
from .spelling import Spelling, field_name, type_name
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
class ProtocolView:
    """The whole module."""

    module: str
    doc: str
    origin: str
    imports: tuple[str, ...]
    constant: str
    protocol: str
    client: str
    server: str
    class_doc: str
    methods: tuple[MethodView, ...]


def protocol_view(
    contract: Contract, protocol: Protocol, full_name: str, origin: str
) -> ProtocolView:
    """Decide everything about the module."""
    builder = _Builder(contract, protocol)
    methods = tuple(map(builder.method, protocol.methods))
    name = naming.protocol_constant(protocol.name)
    builder.imports.add("__future__", "annotations")
    builder.imports.add("typing", "ClassVar", "Final")
    builder.imports.add("xpcrpc", "Client", "Protocol", "Server")
    if methods:
        builder.imports.add("abc", "abstractmethod")
        builder.imports.add("xpcrpc", "CallContext", "Method")
    constants = tuple(builder.constant(method) for method in protocol.methods)
    constant = Call(
        f"{name}: Final = Protocol(",
        (
            f'name="{contract.package}.{protocol.name}"',
            "package=__package__",
            f'version="{contract.version}"',
            Call("methods=(", constants, trailing="," if len(constants) == 1 else ""),
        ),
    )
    doc = notes(protocol) or f"The protocol {protocol.name} of {contract.package}."
    return ProtocolView(
        module=naming.module_name(protocol.name),
        doc=docstring(f"Stubs of the protocol {protocol.name} of {full_name}.", 0),
        origin=origin,
        imports=builder.imports.blocks(),
        constant=lay_out(constant),
        protocol=name,
        client=f"{protocol.name}Client",
        server=f"{protocol.name}Server",
        class_doc=docstring(doc),
        methods=methods,
    )


@define
class _Builder:
    contract: Contract
    protocol: Protocol
    imports: Imports = field(factory=Imports)
    spell: Spelling = field(init=False)

    def __attrs_post_init__(self) -> None:
        module = naming.module_name(self.protocol.name)
        self.spell = Spelling(self.contract, self.imports, module)

    def constant(self, method: Method) -> str:
        """The module's name for what describes the method."""
        taken = {
            *naming.TYPE_NAMES,
            naming.protocol_constant(self.protocol.name),
            *map(type_name, self.contract.types),
            *map(type_name, self.contract.errors),
        }
        return naming.spelled(method.name.upper(), frozenset(taken))

    def method(self, method: Method) -> MethodView:
        """All that is printed for one method."""
        python = naming.spelled(method.name, naming.METHOD_NAMES)
        request = self._request_class(method)
        reply, reply_value = self._reply(method)
        return MethodView(
            constant=self._constant(method, python, request, reply, reply_value),
            client_signature=self._client_signature(method, python, request, reply),
            client_doc=docstring(self._doc(method, client=True), 2),
            client_body=self._client_body(method, request),
            server_signature=self._server_signature(method, python, request, reply),
            server_doc=docstring(self._doc(method, client=False), 2),
        )

    def _request_class(self, method: Method) -> str | None:
        if method.request is None:
            return None
        if isinstance(method.request, StructType):
            return self.spell.declared(type_name(method.request.name))
        return self.spell.declared(type_name(method.request))

    def _reply(self, method: Method) -> tuple[str, str | None]:
        """The reply's annotation, and the expression that describes it."""
        if method.reply is None:
            return "None", None
        if isinstance(method.reply, StructType):
            python = self.spell.declared(type_name(method.reply.name))
            return python, python
        python = self.spell.annotation(method.reply)
        if self.spell.names_a_client(method.reply):
            # The client's module may import this one, so the runtime reads the name later.
            return python, text_literal(python)
        return python, python

    def _constant(
        self,
        method: Method,
        python: str,
        request: str | None,
        reply: str,
        reply_value: str | None,
    ) -> str:
        if request is None:
            self.imports.add("xpcrpc", "Empty")
        facts: list[Call | str] = [
            f'name="{python}"',
            f"selector={text_literal(method.selector)}",
        ]
        if request is not None:
            facts.append(f"request={request}")
        if reply_value is not None:
            facts.append(f"reply={reply_value}")
        if method.errors:
            errors = tuple(self.spell.declared(type_name(name)) for name in method.errors)
            facts.append(Call("errors=(", errors, trailing="," if len(errors) == 1 else ""))
        if method.oneway:
            facts.append("oneway=True")
        else:
            facts.append(f"timeout_s={method.timeout_ns / 10**9!r}")
        if method.idempotent:
            facts.append("idempotent=True")
        if method.serial:
            facts.append("serial=True")
        kind = f"Method[{request or 'Empty'}, {reply}]"
        return _exploded(f"{self.constant(method)}: Final[{kind}] = Method(", facts)

    def _client_signature(
        self, method: Method, python: str, request: str | None, reply: str
    ) -> str:
        arguments = ["self"]
        if isinstance(method.request, StructType):
            if method.request.fields or not method.oneway:
                arguments.append("*")
            arguments.extend(map(self._parameter, method.request.fields))
        elif request is not None:
            arguments.append(f"request: {request}")
        if not method.oneway:
            if "*" not in arguments:
                arguments.append("*")
            arguments.append("timeout_s: float | None = None")
        call = Call(f"async def {python}(", tuple(arguments), f") -> {reply}:")
        return lay_out(call, 1)

    def _parameter(self, one: Field) -> str:
        python = field_name(None, one, request=True)
        annotation = self.spell.annotation(one.type)
        if one.default is MISSING:
            end = " = None" if isinstance(one.type, Optional) else ""
            return f"{python}: {annotation}{end}"
        if self.spell.is_mutable(one):
            return f"{python}: {annotation} | None = None"
        value = flat(self.spell.literal(one.type, one.default))
        return f"{python}: {annotation} = {value}"

    def _argument(self, one: Field) -> str:
        python = field_name(None, one, request=True)
        if one.default is MISSING or not self.spell.is_mutable(one):
            return f"{python}={python}"
        value = flat(self.spell.literal(one.type, one.default))
        return f"{python}={value} if {python} is None else {python}"

    def _client_body(self, method: Method, request: str | None) -> str:
        made: Call | str = "request"
        if request is None:
            made = "Empty()"
        elif isinstance(method.request, StructType):
            made = Call(f"{request}(", tuple(map(self._argument, method.request.fields)))
        constant = self.constant(method)
        if method.oneway:
            return lay_out(Call("await self._send(", (constant, made)), 2)
        ending = "await self._call("
        if method.reply is not None:
            ending = f"return {ending}"
        return lay_out(Call(ending, (constant, made, "timeout_s")), 2)

    def _server_signature(
        self, method: Method, python: str, request: str | None, reply: str
    ) -> str:
        arguments = ["self"]
        if request is not None:
            arguments.append(f"request: {request}")
        arguments.append("context: CallContext")
        call = Call(f"async def {python}(", tuple(arguments), f") -> {reply}:")
        return lay_out(call, 1)

    def _doc(self, method: Method, *, client: bool) -> str:
        fallback = f"{'Call' if client else 'Serve'} ``{method.name}``."
        said = notes(method) or fallback
        if not method.errors:
            return said
        lines = [said, "", "Raises:"]
        for name in method.errors:
            error = self.contract.errors[name]
            meaning = (
                error.doc.split("\n\n")[0].replace("\n", " ") if error.doc else f"Code {error.code}"
            )
            lines.append(f"    {type_name(name)}: {sentence(meaning)}")
        return "\n".join(lines)


def _exploded(opening: str, arguments: list[Call | str]) -> str:
    """A call with a line for each argument, however short."""
    lines = [opening, *(lay_out(argument, 1, ",") for argument in arguments), ")"]
    return "\n".join(lines)
