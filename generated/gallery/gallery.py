"""Stubs of the protocol Gallery of org.example.gallery 1.2."""

# Written by `xpcrpc gen` from gallery.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, ClassVar, Final

from xpcrpc import (
    F64,
    I64,
    U8,
    U32,
    U64,
    CallContext,
    Client,
    ClientEnd,
    Duration,
    Empty,
    Event,
    Events,
    EventSender,
    Method,
    Overflow,
    Protocol,
    Server,
    ServerEnd,
    Stream,
    Value,
    rules,
)

from ..places import types as _places
from .listener import LISTENER
from .types import (
    Access,
    Answer,
    Busy,
    CollectRequest,
    Color,
    Constrained,
    Defaults,
    EchoAnswerRequest,
    EchoAnyRequest,
    EchoGroveRequest,
    EchoMaybeRequest,
    EchoParcelRequest,
    EchoSeveralReply,
    EchoSeveralRequest,
    EchoShapeRequest,
    Empty_,
    Errand,
    Evidence,
    FailRequest,
    Files,
    Grove,
    HungEvent,
    Invitation,
    InviteRequest,
    Journey,
    Kept,
    Nested,
    Numbers,
    Parcel,
    Point,
    Refused,
    Renamed,
    Scalars,
    Shape,
    Tree,
    WaitRequest,
    WatchRequest,
)

if TYPE_CHECKING:
    from .listener import ListenerClient, ListenerServer

ECHO_NUMBERS: Final[Method[Numbers, Numbers]] = Method(
    name="echo_numbers",
    selector="Gallery.echoNumbers",
    request=Numbers,
    reply=Numbers,
    timeout_s=30.0,
)

ECHO_SCALARS: Final[Method[Scalars, Scalars]] = Method(
    name="echo_scalars",
    selector="Gallery.echoScalars",
    request=Scalars,
    reply=Scalars,
    timeout_s=30.0,
)

ECHO_DEFAULTS: Final[Method[Defaults, Defaults]] = Method(
    name="echo_defaults",
    selector="Gallery.echoDefaults",
    request=Defaults,
    reply=Defaults,
    timeout_s=30.0,
    idempotent=True,
)

ECHO_POINT: Final[Method[Point, Point]] = Method(
    name="echo_point",
    selector="Gallery.echoPoint",
    request=Point,
    reply=Point,
    timeout_s=30.0,
)

ECHO_EMPTY: Final[Method[Empty_, Empty_]] = Method(
    name="echo_empty",
    selector="Gallery.echoEmpty",
    request=Empty_,
    reply=Empty_,
    timeout_s=30.0,
)

ECHO_NESTED: Final[Method[Nested, Nested]] = Method(
    name="echo_nested",
    selector="Gallery.echoNested",
    request=Nested,
    reply=Nested,
    timeout_s=30.0,
)

ECHO_TREE: Final[Method[Tree, Tree]] = Method(
    name="echo_tree",
    selector="Gallery.echoTree",
    request=Tree,
    reply=Tree,
    timeout_s=30.0,
)

ECHO_CONSTRAINED: Final[Method[Constrained, Constrained]] = Method(
    name="echo_constrained",
    selector="Gallery.echoConstrained",
    request=Constrained,
    reply=Constrained,
    timeout_s=30.0,
)

ECHO_KEPT: Final[Method[Kept, Kept]] = Method(
    name="echo_kept",
    selector="Gallery.echoKept",
    request=Kept,
    reply=Kept,
    timeout_s=30.0,
)

ECHO_RENAMED: Final[Method[Renamed, Renamed]] = Method(
    name="echo_renamed",
    selector="Gallery.echoRenamed",
    request=Renamed,
    reply=Renamed,
    timeout_s=30.0,
)

ECHO_FILES: Final[Method[Files, Files]] = Method(
    name="echo_files",
    selector="Gallery.echoFiles",
    request=Files,
    reply=Files,
    timeout_s=30.0,
)

ECHO_INVITATION: Final[Method[Invitation, Invitation]] = Method(
    name="echo_invitation",
    selector="Gallery.echoInvitation",
    request=Invitation,
    reply=Invitation,
    timeout_s=30.0,
)

ECHO_SHAPE: Final[Method[EchoShapeRequest, Shape]] = Method(
    name="echo_shape",
    selector="Gallery.echoShape",
    request=EchoShapeRequest,
    reply=Shape,
    timeout_s=30.0,
)

ECHO_ANSWER: Final[Method[EchoAnswerRequest, Answer]] = Method(
    name="echo_answer",
    selector="Gallery.echoAnswer",
    request=EchoAnswerRequest,
    reply=Answer,
    timeout_s=30.0,
)

ECHO_PARCEL: Final[Method[EchoParcelRequest, Parcel]] = Method(
    name="echo_parcel",
    selector="Gallery.echoParcel",
    request=EchoParcelRequest,
    reply=Parcel,
    timeout_s=30.0,
)

ECHO_GROVE: Final[Method[EchoGroveRequest, Grove]] = Method(
    name="echo_grove",
    selector="Gallery.echoGrove",
    request=EchoGroveRequest,
    reply=Grove,
    timeout_s=30.0,
)

ECHO_ANY: Final[Method[EchoAnyRequest, Value]] = Method(
    name="echo_any",
    selector="Gallery.echoAny",
    request=EchoAnyRequest,
    reply=Value,
    timeout_s=30.0,
)

ECHO_MAYBE: Final[Method[EchoMaybeRequest, str | None]] = Method(
    name="echo_maybe",
    selector="Gallery.echoMaybe",
    request=EchoMaybeRequest,
    reply=str | None,
    timeout_s=30.0,
)

ECHO_SEVERAL: Final[Method[EchoSeveralRequest, EchoSeveralReply]] = Method(
    name="echo_several",
    selector="Gallery.echoSeveral",
    request=EchoSeveralRequest,
    reply=EchoSeveralReply,
    timeout_s=30.0,
)

FAIL: Final[Method[FailRequest, None]] = Method(
    name="fail",
    selector="please fail",
    request=FailRequest,
    errors=(Refused, Busy, Evidence),
    timeout_s=0.25,
)

WAIT: Final[Method[WaitRequest, None]] = Method(
    name="wait",
    selector="Gallery.wait",
    request=WaitRequest,
    timeout_s=120.0,
    serial=True,
)

CONNECT: Final[Method[Empty, None]] = Method(
    name="connect_",
    selector="Gallery.connect",
    timeout_s=30.0,
)

INVITE: Final[Method[InviteRequest, U32]] = Method(
    name="invite",
    selector="Gallery.invite",
    request=InviteRequest,
    reply=U32,
    timeout_s=30.0,
)

NOTIFY: Final[Method[Point, None]] = Method(
    name="notify",
    selector="Gallery.notify",
    request=Point,
    oneway=True,
)

ECHO_JOURNEY: Final[Method[Journey, Journey]] = Method(
    name="echo_journey",
    selector="Gallery.echoJourney",
    request=Journey,
    reply=Journey,
    timeout_s=30.0,
)

ECHO_PLACE: Final[Method[_places.Place, _places.Place | None]] = Method(
    name="echo_place",
    selector="Gallery.echoPlace",
    request=_places.Place,
    reply=_places.Place | None,
    timeout_s=30.0,
)

RUN_ERRAND: Final[Method[Errand, ServerEnd[ListenerServer] | None]] = Method(
    name="run_errand",
    selector="Gallery.runErrand",
    request=Errand,
    reply="ServerEnd[ListenerServer] | None",
    timeout_s=30.0,
)

GUARDED: Final[Method[Empty, U32]] = Method(
    name="guarded",
    selector="Gallery.guarded",
    reply=U32,
    timeout_s=30.0,
    requires=rules.AnyOf(
        (rules.Uid("self"), rules.All((rules.User("gallery"), rules.Group("curators")))),
    ),
)

WATCH: Final[Method[WatchRequest, None]] = Method(
    name="watch",
    selector="Gallery.watch",
    request=WatchRequest,
    items_out=Shape,
    errors=(Busy,),
    window=8,
    overflow=Overflow.DROP_NEWEST,
)

COLLECT: Final[Method[CollectRequest, U64]] = Method(
    name="collect",
    selector="Gallery.collect",
    request=CollectRequest,
    reply=U64,
    items_in=Point,
    timeout_s=5.0,
)

SWALLOW: Final[Method[Point, None]] = Method(
    name="swallow",
    selector="Gallery.swallow",
    request=Point,
    items_in=Point,
    window=1,
)

MIRROR: Final[Method[Empty, None]] = Method(
    name="mirror",
    selector="Gallery.mirror",
    items_in=list[Shape | None],
    items_out=list[Shape | None],
    overflow=Overflow.FAIL,
)

VISITORS: Final[Method[Empty, None]] = Method(
    name="visitors",
    selector="Gallery.visitors",
    items_out="ClientEnd[ListenerClient]",
    overflow=Overflow.DROP_OLDEST,
)

OPENED: Final[Event[Empty]] = Event(
    name="opened",
    selector="Gallery.opened",
)

HUNG: Final[Event[HungEvent]] = Event(
    name="hung",
    selector="Gallery.hung",
    payload=HungEvent,
)

MOVED: Final[Event[Journey]] = Event(
    name="moved",
    selector="picture moved",
    payload=Journey,
)

GALLERY: Final = Protocol(
    name="org.example.gallery.Gallery",
    package=__name__.rpartition(".")[0],
    version="1.2",
    methods=(
        ECHO_NUMBERS,
        ECHO_SCALARS,
        ECHO_DEFAULTS,
        ECHO_POINT,
        ECHO_EMPTY,
        ECHO_NESTED,
        ECHO_TREE,
        ECHO_CONSTRAINED,
        ECHO_KEPT,
        ECHO_RENAMED,
        ECHO_FILES,
        ECHO_INVITATION,
        ECHO_SHAPE,
        ECHO_ANSWER,
        ECHO_PARCEL,
        ECHO_GROVE,
        ECHO_ANY,
        ECHO_MAYBE,
        ECHO_SEVERAL,
        FAIL,
        WAIT,
        CONNECT,
        INVITE,
        NOTIFY,
        ECHO_JOURNEY,
        ECHO_PLACE,
        RUN_ERRAND,
        GUARDED,
        WATCH,
        COLLECT,
        SWALLOW,
        MIRROR,
        VISITORS,
    ),
    events=(OPENED, HUNG, MOVED),
    fingerprint="76cc2cb4781227a23768bc7215892eba",
)


class GalleryClient(Client):
    """Each method gives back what it is given."""

    protocol: ClassVar[Protocol] = GALLERY
    callbacks: ClassVar[Protocol] = LISTENER
    """What it serves itself: ``connect(serving=…)`` takes a ListenerServer."""

    async def echo_numbers(self, request: Numbers, *, timeout_s: float | None = None) -> Numbers:
        """Call ``echo_numbers``."""
        return await self._call(ECHO_NUMBERS, request, timeout_s)

    async def echo_scalars(self, request: Scalars, *, timeout_s: float | None = None) -> Scalars:
        """Call ``echo_scalars``."""
        return await self._call(ECHO_SCALARS, request, timeout_s)

    async def echo_defaults(self, request: Defaults, *, timeout_s: float | None = None) -> Defaults:
        """Call ``echo_defaults``."""
        return await self._call(ECHO_DEFAULTS, request, timeout_s)

    async def echo_point(self, request: Point, *, timeout_s: float | None = None) -> Point:
        """Call ``echo_point``."""
        return await self._call(ECHO_POINT, request, timeout_s)

    async def echo_empty(self, request: Empty_, *, timeout_s: float | None = None) -> Empty_:
        """Call ``echo_empty``."""
        return await self._call(ECHO_EMPTY, request, timeout_s)

    async def echo_nested(self, request: Nested, *, timeout_s: float | None = None) -> Nested:
        """Call ``echo_nested``."""
        return await self._call(ECHO_NESTED, request, timeout_s)

    async def echo_tree(self, request: Tree, *, timeout_s: float | None = None) -> Tree:
        """Call ``echo_tree``."""
        return await self._call(ECHO_TREE, request, timeout_s)

    async def echo_constrained(
        self,
        request: Constrained,
        *,
        timeout_s: float | None = None,
    ) -> Constrained:
        """Call ``echo_constrained``."""
        return await self._call(ECHO_CONSTRAINED, request, timeout_s)

    async def echo_kept(self, request: Kept, *, timeout_s: float | None = None) -> Kept:
        """Call ``echo_kept``."""
        return await self._call(ECHO_KEPT, request, timeout_s)

    async def echo_renamed(self, request: Renamed, *, timeout_s: float | None = None) -> Renamed:
        """Call ``echo_renamed``."""
        return await self._call(ECHO_RENAMED, request, timeout_s)

    async def echo_files(self, request: Files, *, timeout_s: float | None = None) -> Files:
        """Call ``echo_files``."""
        return await self._call(ECHO_FILES, request, timeout_s)

    async def echo_invitation(
        self,
        request: Invitation,
        *,
        timeout_s: float | None = None,
    ) -> Invitation:
        """Call ``echo_invitation``."""
        return await self._call(ECHO_INVITATION, request, timeout_s)

    async def echo_shape(self, *, shape: Shape, timeout_s: float | None = None) -> Shape:
        """Call ``echo_shape``."""
        return await self._call(ECHO_SHAPE, EchoShapeRequest(shape=shape), timeout_s)

    async def echo_answer(self, *, answer: Answer, timeout_s: float | None = None) -> Answer:
        """Call ``echo_answer``."""
        return await self._call(ECHO_ANSWER, EchoAnswerRequest(answer=answer), timeout_s)

    async def echo_parcel(self, *, parcel: Parcel, timeout_s: float | None = None) -> Parcel:
        """Call ``echo_parcel``."""
        return await self._call(ECHO_PARCEL, EchoParcelRequest(parcel=parcel), timeout_s)

    async def echo_grove(self, *, grove: Grove, timeout_s: float | None = None) -> Grove:
        """Call ``echo_grove``."""
        return await self._call(ECHO_GROVE, EchoGroveRequest(grove=grove), timeout_s)

    async def echo_any(self, *, value: Value, timeout_s: float | None = None) -> Value:
        """Call ``echo_any``."""
        return await self._call(ECHO_ANY, EchoAnyRequest(value=value), timeout_s)

    async def echo_maybe(
        self,
        *,
        text: str | None = None,
        timeout_s: float | None = None,
    ) -> str | None:
        """A result of null is a result."""
        return await self._call(ECHO_MAYBE, EchoMaybeRequest(text=text), timeout_s)

    async def echo_several(
        self,
        *,
        first: I64,
        second: list[U8] | None = None,
        access: Access = Access.READ,
        timeout_s_: F64 = 1.0,
        point: Point | None = None,
        timeout_s: float | None = None,
    ) -> EchoSeveralReply:
        """A table both ways, with a default of each sort, and names that are taken."""
        return await self._call(
            ECHO_SEVERAL,
            EchoSeveralRequest(
                first=first,
                second=[1, 2] if second is None else second,
                access=access,
                timeout_s_=timeout_s_,
                point=Point(x=0.0, y=0.0) if point is None else point,
            ),
            timeout_s,
        )

    async def fail(
        self,
        *,
        shape: Shape | None = None,
        kind: str = "refused",
        timeout_s: float | None = None,
    ) -> None:
        """Answer with one of the errors. Since 1.1.

        Raises:
            Refused: The service does not want to.
            Busy: An error without fields.
            Evidence: An error may hold a resource.
        """
        await self._call(FAIL, FailRequest(shape=shape, kind=kind), timeout_s)

    async def wait(self, *, span: Duration, timeout_s: float | None = None) -> None:
        """Answer after so long; one call at a time on each connection."""
        await self._call(WAIT, WaitRequest(span=span), timeout_s)

    async def connect_(self, *, timeout_s: float | None = None) -> None:
        """Awkward: a client has a method of this name; in Python it is `connect_`. Deprecated: it
        does nothing.
        """
        await self._call(CONNECT, Empty(), timeout_s)

    async def invite(
        self,
        *,
        back: ClientEnd[ListenerClient],
        text: str = "",
        timeout_s: float | None = None,
    ) -> U32:
        """Call back on `back`, then answer how many were told."""
        return await self._call(INVITE, InviteRequest(back=back, text=text), timeout_s)

    async def notify(self, request: Point) -> None:
        """Nothing comes back."""
        await self._send(NOTIFY, request)

    async def echo_journey(self, request: Journey, *, timeout_s: float | None = None) -> Journey:
        """Types of another contract, both ways."""
        return await self._call(ECHO_JOURNEY, request, timeout_s)

    async def echo_place(
        self,
        request: _places.Place,
        *,
        timeout_s: float | None = None,
    ) -> _places.Place | None:
        """A struct of another contract is the whole request."""
        return await self._call(ECHO_PLACE, request, timeout_s)

    async def run_errand(
        self,
        request: Errand,
        *,
        timeout_s: float | None = None,
    ) -> ServerEnd[ListenerServer] | None:
        """Serve whoever is on the other side of `serve`, then tell `back` about it."""
        return await self._call(RUN_ERRAND, request, timeout_s)

    async def guarded(self, *, timeout_s: float | None = None) -> U32:
        """Not everybody who may connect may call this."""
        return await self._call(GUARDED, Empty(), timeout_s)

    def watch(
        self,
        *,
        shape: Shape,
        times: U32 = 1,
        timeout_s: float | None = None,
    ) -> Stream[Shape]:
        """The same shape, again and again.

        Args:
            times: At most 10000.

        Raises:
            Busy: An error without fields.
        """
        return self._stream(WATCH, WatchRequest(shape=shape, times=times), timeout_s)

    async def collect(
        self,
        items: AsyncIterable[Point],
        *,
        items_: str = "points",
        timeout_s: float | None = None,
    ) -> U64:
        """How many came; `items` is taken by the stream, so the field is `items_` in Python."""
        return await self._collect(COLLECT, CollectRequest(items_=items_), timeout_s, items)

    async def swallow(
        self,
        request: Point,
        items: AsyncIterable[Point],
        *,
        timeout_s: float | None = None,
    ) -> None:
        """Points are taken and nothing is said."""
        await self._collect(SWALLOW, request, timeout_s, items)

    def mirror(
        self,
        items: AsyncIterable[list[Shape | None]],
        *,
        timeout_s: float | None = None,
    ) -> Stream[list[Shape | None]]:
        """Each item comes back."""
        return self._stream(MIRROR, Empty(), timeout_s, items)

    def visitors(self, *, timeout_s: float | None = None) -> Stream[ClientEnd[ListenerClient]]:
        """Ends as items."""
        return self._stream(VISITORS, Empty(), timeout_s)

    def opened(self) -> Events[Empty]:
        """The doors are open."""
        return self._events(OPENED)

    def hung(self) -> Events[HungEvent]:
        """A picture was hung; the payload is a table."""
        return self._events(HUNG)

    def moved(self) -> Events[Journey]:
        """A picture was moved; the payload is a struct. Since 1.2. Deprecated: nobody moves
        pictures any more.
        """
        return self._events(MOVED)


class GalleryServer(Server[GalleryClient]):
    """Each method gives back what it is given.

    Its clients serve Listener: ``context.client(ListenerClient)`` calls back.

    ``GalleryEvents(self)`` tells all of its clients.
    """

    protocol: ClassVar[Protocol] = GALLERY

    @abstractmethod
    async def echo_numbers(self, request: Numbers, context: CallContext) -> Numbers:
        """Serve ``echo_numbers``."""

    @abstractmethod
    async def echo_scalars(self, request: Scalars, context: CallContext) -> Scalars:
        """Serve ``echo_scalars``."""

    @abstractmethod
    async def echo_defaults(self, request: Defaults, context: CallContext) -> Defaults:
        """Serve ``echo_defaults``."""

    @abstractmethod
    async def echo_point(self, request: Point, context: CallContext) -> Point:
        """Serve ``echo_point``."""

    @abstractmethod
    async def echo_empty(self, request: Empty_, context: CallContext) -> Empty_:
        """Serve ``echo_empty``."""

    @abstractmethod
    async def echo_nested(self, request: Nested, context: CallContext) -> Nested:
        """Serve ``echo_nested``."""

    @abstractmethod
    async def echo_tree(self, request: Tree, context: CallContext) -> Tree:
        """Serve ``echo_tree``."""

    @abstractmethod
    async def echo_constrained(self, request: Constrained, context: CallContext) -> Constrained:
        """Serve ``echo_constrained``."""

    @abstractmethod
    async def echo_kept(self, request: Kept, context: CallContext) -> Kept:
        """Serve ``echo_kept``."""

    @abstractmethod
    async def echo_renamed(self, request: Renamed, context: CallContext) -> Renamed:
        """Serve ``echo_renamed``."""

    @abstractmethod
    async def echo_files(self, request: Files, context: CallContext) -> Files:
        """Serve ``echo_files``."""

    @abstractmethod
    async def echo_invitation(self, request: Invitation, context: CallContext) -> Invitation:
        """Serve ``echo_invitation``."""

    @abstractmethod
    async def echo_shape(self, request: EchoShapeRequest, context: CallContext) -> Shape:
        """Serve ``echo_shape``."""

    @abstractmethod
    async def echo_answer(self, request: EchoAnswerRequest, context: CallContext) -> Answer:
        """Serve ``echo_answer``."""

    @abstractmethod
    async def echo_parcel(self, request: EchoParcelRequest, context: CallContext) -> Parcel:
        """Serve ``echo_parcel``."""

    @abstractmethod
    async def echo_grove(self, request: EchoGroveRequest, context: CallContext) -> Grove:
        """Serve ``echo_grove``."""

    @abstractmethod
    async def echo_any(self, request: EchoAnyRequest, context: CallContext) -> Value:
        """Serve ``echo_any``."""

    @abstractmethod
    async def echo_maybe(self, request: EchoMaybeRequest, context: CallContext) -> str | None:
        """A result of null is a result."""

    @abstractmethod
    async def echo_several(
        self,
        request: EchoSeveralRequest,
        context: CallContext,
    ) -> EchoSeveralReply:
        """A table both ways, with a default of each sort, and names that are taken."""

    @abstractmethod
    async def fail(self, request: FailRequest, context: CallContext) -> None:
        """Answer with one of the errors. Since 1.1.

        Raises:
            Refused: The service does not want to.
            Busy: An error without fields.
            Evidence: An error may hold a resource.
        """

    @abstractmethod
    async def wait(self, request: WaitRequest, context: CallContext) -> None:
        """Answer after so long; one call at a time on each connection."""

    @abstractmethod
    async def connect_(self, context: CallContext) -> None:
        """Awkward: a client has a method of this name; in Python it is `connect_`. Deprecated: it
        does nothing.
        """

    @abstractmethod
    async def invite(self, request: InviteRequest, context: CallContext) -> U32:
        """Call back on `back`, then answer how many were told."""

    @abstractmethod
    async def notify(self, request: Point, context: CallContext) -> None:
        """Nothing comes back."""

    @abstractmethod
    async def echo_journey(self, request: Journey, context: CallContext) -> Journey:
        """Types of another contract, both ways."""

    @abstractmethod
    async def echo_place(
        self,
        request: _places.Place,
        context: CallContext,
    ) -> _places.Place | None:
        """A struct of another contract is the whole request."""

    @abstractmethod
    async def run_errand(
        self,
        request: Errand,
        context: CallContext,
    ) -> ServerEnd[ListenerServer] | None:
        """Serve whoever is on the other side of `serve`, then tell `back` about it."""

    @abstractmethod
    async def guarded(self, context: CallContext) -> U32:
        """Not everybody who may connect may call this."""

    @abstractmethod
    def watch(self, request: WatchRequest, context: CallContext) -> AsyncIterator[Shape]:
        """The same shape, again and again.

        Raises:
            Busy: An error without fields.
        """

    @abstractmethod
    async def collect(
        self,
        request: CollectRequest,
        items: AsyncIterator[Point],
        context: CallContext,
    ) -> U64:
        """How many came; `items` is taken by the stream, so the field is `items_` in Python."""

    @abstractmethod
    async def swallow(
        self,
        request: Point,
        items: AsyncIterator[Point],
        context: CallContext,
    ) -> None:
        """Points are taken and nothing is said."""

    @abstractmethod
    def mirror(
        self,
        items: AsyncIterator[list[Shape | None]],
        context: CallContext,
    ) -> AsyncIterator[list[Shape | None]]:
        """Each item comes back."""

    @abstractmethod
    def visitors(self, context: CallContext) -> AsyncIterator[ClientEnd[ListenerClient]]:
        """Ends as items."""


class GalleryEvents(EventSender):
    """Tells clients of Gallery: one, if made of a call's context, or all, if made of the server
    object.
    """

    def opened(self) -> None:
        """The doors are open."""
        self._emit(OPENED, Empty())

    def hung(
        self,
        *,
        title: str,
        colors: list[Color] | None = None,
        at: Point | None = None,
    ) -> None:
        """A picture was hung; the payload is a table."""
        self._emit(
            HUNG,
            HungEvent(title=title, colors=[Color.RED] if colors is None else colors, at=at),
        )

    def moved(self, payload: Journey) -> None:
        """A picture was moved; the payload is a struct. Since 1.2. Deprecated: nobody moves
        pictures any more.
        """
        self._emit(MOVED, payload)
