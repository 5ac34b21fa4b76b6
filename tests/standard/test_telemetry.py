"""Spans and metrics of calls, by OpenTelemetry's own in-memory exporters."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.streams.test_around_calls import Sums, SumsClient
from tests.streams.ticker import Ticker, TickerClient, TooMany
from xpcrpc import Host, NotPermittedError, telemetry


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracers(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


async def test_the_servers_span_is_the_child_of_the_clients(
    exporter: InMemorySpanExporter, tracers: TracerProvider
) -> None:
    async with Host(interceptors=[telemetry.server(tracer_provider=tracers)]) as host:
        async with await SumsClient.from_end(
            host.offer(Sums()), interceptors=[telemetry.client(tracer_provider=tracers)]
        ) as client:
            await client.add(value=1)
    spans = {span.kind: span for span in exporter.get_finished_spans()}
    served, called = spans[SpanKind.SERVER], spans[SpanKind.CLIENT]
    assert served.parent is not None
    assert served.parent.span_id == called.context.span_id
    assert served.context.trace_id == called.context.trace_id
    assert served.attributes is not None
    assert served.attributes["rpc.method"] == "add"
    assert served.status.status_code is not StatusCode.ERROR


async def test_a_failure_marks_the_span_without_its_text(
    exporter: InMemorySpanExporter, tracers: TracerProvider
) -> None:
    async with (
        Host() as host,
        await SumsClient.from_end(
            host.offer(Sums()), interceptors=[telemetry.client(tracer_provider=tracers)]
        ) as client,
    ):
        with pytest.raises(NotPermittedError):
            await client.only_nobody()
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "NotPermittedError"
    assert span.attributes is not None
    assert span.attributes["rpc.xpcrpc.code"] == NotPermittedError.CODE


async def test_a_stream_is_one_span_on_each_side(
    exporter: InMemorySpanExporter, tracers: TracerProvider
) -> None:
    async with Host(interceptors=[telemetry.server(tracer_provider=tracers)]) as host:
        async with await TickerClient.from_end(
            host.offer(Ticker()), interceptors=[telemetry.client(tracer_provider=tracers)]
        ) as client:
            with pytest.raises(TooMany):
                [tick async for tick in client.count(count=9, fail_after=3)]
    outcomes = [span.attributes["rpc.xpcrpc.outcome"] for span in exporter.get_finished_spans()]  # type: ignore[index]
    assert outcomes == ["TooMany", "TooMany"]


async def test_durations_are_measured_on_both_sides() -> None:
    reader = InMemoryMetricReader()
    meters = MeterProvider(metric_readers=[reader])
    async with Host(interceptors=[telemetry.server(meter_provider=meters)]) as host:
        async with await SumsClient.from_end(
            host.offer(Sums()), interceptors=[telemetry.client(meter_provider=meters)]
        ) as client:
            for _ in range(3):
                await client.add(value=1)
    data: Any = reader.get_metrics_data()
    found = {
        metric.name: metric.data.data_points[0].count
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert found == {"rpc.client.call.duration": 3, "rpc.server.call.duration": 3}
