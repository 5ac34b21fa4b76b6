"""The view of a protocol's module: its methods and events, and the stubs for both sides."""

from __future__ import annotations

from attrs import define, field, frozen

from .. import naming
from ..model import Contract, Event, Item, Protocol, StructType
from .imports import Imports
from .layout import Call, docstring, lay_out, text_literal
from .spelling import Spelling, type_name
from .stubs import MethodBuilder, MethodView, Parameters, exploded
from .types import notes


@frozen
class EventView:
    """One event; all texts are laid out."""

    constant: str
    client_signature: str
    client_doc: str
    client_body: str
    sender_signature: str
    sender_doc: str
    sender_body: str


@frozen
class SenderView:
    """The class that sends events."""

    name: str
    base: str
    doc: str
    events: tuple[EventView, ...]


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
    client_facts: tuple[str, ...]
    server: str
    class_doc: str
    server_doc: str
    methods: tuple[MethodView, ...]
    events: tuple[EventView, ...]
    senders: tuple[SenderView, ...]
    """One, if there are events."""


def protocol_view(
    contract: Contract, protocol: Protocol, full_name: str, origin: str, fingerprint: str
) -> ProtocolView:
    """Decide everything about the module."""
    builder = _Builder(contract, protocol)
    methods = tuple(
        MethodBuilder(contract, builder.spell, method, builder.constant(method)).view()
        for method in protocol.methods
    )
    events = tuple(map(builder.event, protocol.events))
    name = naming.protocol_constant(protocol.name)
    imports = builder.imports
    imports.add("__future__", "annotations")
    imports.add("typing", "ClassVar", "Final")
    imports.add("xpcrpc", "Client", "Protocol", "Server")
    if methods:
        imports.add("abc", "abstractmethod")
        imports.add("xpcrpc", "CallContext", "Method")
    facts: list[Call | str] = [
        f'name="{contract.package}.{protocol.name}"',
        'package=__name__.rpartition(".")[0]',
        f'version="{contract.version}"',
    ]
    for key, items in (("methods", protocol.methods), ("events", protocol.events)):
        if items or key == "methods":
            constants = tuple(map(builder.constant, items))
            trailing = "," if len(constants) == 1 else ""
            facts.append(Call(f"{key}=(", constants, trailing=trailing))
    facts.append(f'fingerprint="{fingerprint}"')
    doc = notes(protocol) or f"The protocol {protocol.name} of {contract.package}."
    return ProtocolView(
        module=naming.module_name(protocol.name),
        doc=docstring(f"Stubs of the protocol {protocol.name} of {full_name}.", 0),
        origin=origin,
        client_facts=builder.client_facts(name),
        constant=lay_out(Call(f"{name}: Final = Protocol(", tuple(facts))),
        protocol=name,
        client=f"{protocol.name}Client",
        server=f"{protocol.name}Server",
        class_doc=docstring(doc),
        server_doc=docstring(builder.server_doc(doc)),
        methods=methods,
        events=events,
        senders=builder.senders(events),
        imports=imports.blocks(),
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

    def constant(self, item: Item) -> str:
        """The module's name for what describes a method or event."""
        protocol = self.protocol
        taken = {
            *naming.TYPE_NAMES,
            *(naming.protocol_constant(name) for name in (protocol.name, protocol.callbacks or "")),
            *map(type_name, self.contract.types),
            *map(type_name, self.contract.errors),
        }
        return naming.spelled(item.name.upper(), frozenset(taken))

    def client_facts(self, constant: str) -> tuple[str, ...]:
        """The class variables of the client."""
        facts = [f"    protocol: ClassVar[Protocol] = {constant}"]
        callbacks = self.protocol.callbacks
        if callbacks is not None:
            name = naming.protocol_constant(callbacks)
            if self._comes_back(callbacks):
                # Their modules would import each other.
                facts.append(f'    callbacks: ClassVar[str] = "{name}"')
            else:
                self.imports.add(f".{naming.module_name(callbacks)}", name)
                facts.append(f"    callbacks: ClassVar[Protocol] = {name}")
            said = f"What it serves itself: ``connect(serving=…)`` takes a {callbacks}Server."
            facts.append(docstring(said))
        return tuple(facts)

    def _comes_back(self, name: str | None) -> bool:
        """Whether the callbacks of callbacks lead to this protocol again."""
        seen: set[str] = set()
        while name is not None and name not in seen:
            if name == self.protocol.name:
                return True
            seen.add(name)
            name = self.contract.protocols[name].callbacks
        return False

    def server_doc(self, doc: str) -> str:
        """The server's documentation: also how it reaches its clients."""
        told = []
        if (callbacks := self.protocol.callbacks) is not None:
            told.append(
                f"Its clients serve {callbacks}: ``context.client({callbacks}Client)`` calls back."
            )
        if self.protocol.events:
            told.append(
                f"``{naming.events_class(self.protocol.name)}(self)`` tells all of its clients."
            )
        return "\n\n".join([doc, *told])

    def event(self, event: Event) -> EventView:
        """All that is printed for one event."""
        python = naming.spelled(event.name, naming.METHOD_NAMES)
        constant = self.constant(event)
        payload = "Empty"
        if isinstance(event.payload, StructType):
            payload = self.spell.declared(type_name(event.payload.name))
        elif event.payload is not None:
            payload = self.spell.named(event.payload)
        else:
            self.spell.public("Empty")
        parameters = Parameters(self.spell, naming.FIELD_NAMES)
        arguments = ["self"]
        made: Call | str = "Empty()" if event.payload is None else "payload"
        said: list[str] = []
        if isinstance(event.payload, StructType):
            if event.payload.fields:
                arguments.append("*")
            arguments.extend(map(parameters.parameter, event.payload.fields))
            made = parameters.made(payload, event.payload)
            said = parameters.said(event.payload)
        elif event.payload is not None:
            arguments.append(f"payload: {payload}")
        facts: list[Call | str] = [f'name="{python}"', f"selector={text_literal(event.selector)}"]
        if payload != "Empty":
            facts.append(f"payload={payload}")
        kind = self.spell.stub("Event")
        result = f"{self.spell.stub('Events')}[{payload}]"
        doc = notes(event)
        heard = doc or f"Every ``{event.name}`` from now on."
        return EventView(
            constant=exploded(f"{constant}: Final[{kind}[{payload}]] = {kind}(", facts),
            client_signature=lay_out(Call(f"def {python}(", ("self",), f") -> {result}:"), 1),
            client_doc=docstring(heard, 2),
            client_body=lay_out(Call("return self._events(", (constant,)), 2),
            sender_signature=lay_out(Call(f"def {python}(", tuple(arguments), ") -> None:"), 1),
            sender_doc=docstring("\n".join([doc or f"Tell ``{event.name}``.", *said]), 2),
            sender_body=lay_out(Call("self._emit(", (constant, made)), 2),
        )

    def senders(self, events: tuple[EventView, ...]) -> tuple[SenderView, ...]:
        """The class that sends them, if there are any."""
        if not events:
            return ()
        doc = (
            f"Tells clients of {self.protocol.name}: one, if made of a call's context, or all, "
            "if made of the server object."
        )
        name = naming.events_class(self.protocol.name)
        return (SenderView(name, self.spell.stub("EventSender"), docstring(doc), events),)
