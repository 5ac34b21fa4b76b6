"""OpenTelemetry spans and metrics for calls, as interceptors; needs ``xpcrpc[telemetry]``.

::

    async with await TproxyClient.connect(interceptors=[telemetry.client()]) as proxy: ...
    await serve(Tproxy, Extension(), interceptors=[telemetry.server()])

The trace travels in the call's metadata (``traceparent``), so the server's span is
the child of the client's. Metrics are histograms of durations in seconds.
"""

from __future__ import annotations

import time
from typing import Any

from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from .contract import Method
from .errors import CallError
from .runtime.interceptors import (
    CallInfo,
    ClientInterceptor,
    Proceed,
    ServedInfo,
    ServerInterceptor,
)


def client(
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> ClientInterceptor:
    """An interceptor for clients: a span and a duration for each call that is made."""
    tracer = trace.get_tracer("xpcrpc", tracer_provider=tracer_provider)
    duration = metrics.get_meter("xpcrpc", meter_provider=meter_provider).create_histogram(
        "rpc.client.call.duration", unit="s", description="From the request to the result."
    )

    async def intercept(call: CallInfo, proceed: Proceed) -> Any:
        with tracer.start_as_current_span(
            call.method.name,
            kind=SpanKind.CLIENT,
            attributes={**_attributes(call.method), "server.address": call.service},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            propagate.inject(call.metadata)
            return await _timed(span, call.method, duration, proceed)

    return intercept


def server(
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> ServerInterceptor:
    """An interceptor for servers: a span and a duration for each call that is served."""
    tracer = trace.get_tracer("xpcrpc", tracer_provider=tracer_provider)
    duration = metrics.get_meter("xpcrpc", meter_provider=meter_provider).create_histogram(
        "rpc.server.call.duration", unit="s", description="From the request to the reply."
    )

    async def intercept(call: ServedInfo, proceed: Proceed) -> Any:
        with tracer.start_as_current_span(
            call.method.name,
            context=propagate.extract(call.metadata),
            kind=SpanKind.SERVER,
            attributes={
                **_attributes(call.method),
                "client.process.pid": call.peer.pid,
                "client.user.id": call.peer.euid,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            return await _timed(span, call.method, duration, proceed)

    return intercept


def _attributes(method: Method[Any, Any]) -> dict[str, str]:
    return {"rpc.system": "xpcrpc", "rpc.method": method.selector}


async def _timed(
    span: Span, method: Method[Any, Any], duration: metrics.Histogram, proceed: Proceed
) -> Any:
    began = time.perf_counter()
    outcome = "ok"
    try:
        return await proceed()
    except BaseException as error:
        outcome = type(error).__name__
        # The text may hold what only the two sides should know; the type says enough.
        span.set_status(Status(StatusCode.ERROR, outcome))
        if isinstance(error, CallError):
            span.set_attribute("rpc.xpcrpc.code", error.code)
        raise
    finally:
        span.set_attribute("rpc.xpcrpc.outcome", outcome)
        duration.record(
            time.perf_counter() - began, {**_attributes(method), "rpc.xpcrpc.outcome": outcome}
        )
