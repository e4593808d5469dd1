import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer as ApiTracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { withTimeout } from '@app/concurrency';
import type { SpanAttributes, SpanName, SpanOptions, SpanTimes, Tracer } from './tracer.js';
import { WatchedExporter } from './watched-exporter.js';

const KINDS = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };
/** a collector that does not answer must not delay the end of the process */
const CLOSE_MS = 2000;
const propagator = new W3CTraceContextPropagator();

/** Sends spans by OTLP over HTTP, in JSON. The SDK reads sampling, limits and headers from the standard variables. */
export class OpenTelemetryTracer implements Tracer {
  private readonly spans = new AsyncLocalStorage<Span>();
  private readonly provider: BasicTracerProvider;
  private readonly tracer: ApiTracer;

  constructor(url: string, service: string, tell: (message: string) => void) {
    const ours = resourceFromAttributes({ 'service.name': service, 'service.instance.id': hostname() });
    const resource = defaultResource()
      .merge(ours)
      .merge(detectResources({ detectors: [envDetector] }));
    const exporter = new WatchedExporter(new OTLPTraceExporter({ url }), tell);
    this.provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
    this.tracer = this.provider.getTracer('music-separation');
  }

  async run<T>(name: SpanName, options: SpanOptions, work: () => Promise<T>): Promise<T> {
    const span = this.start(name, options);
    try {
      return await this.spans.run(span, work);
    } catch (error) {
      // messages may quote what users sent
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', typeOf(error));
      throw error;
    } finally {
      span.end();
    }
  }

  add(name: SpanName, { startedAt, endedAt, ...options }: SpanOptions & SpanTimes): void {
    this.start(name, options, startedAt).end(endedAt);
  }

  annotate(attributes: SpanAttributes): void {
    this.spans.getStore()?.setAttributes({ ...attributes });
  }

  traceparent(): string | undefined {
    const carrier: { traceparent?: string } = {};
    propagator.inject(this.context(undefined), carrier, defaultTextMapSetter);
    return carrier.traceparent;
  }

  traceId(): string | undefined {
    return this.spans.getStore()?.spanContext().traceId;
  }

  async close(): Promise<void> {
    // the exporter has told why
    await withTimeout(CLOSE_MS, () => this.provider.shutdown()).catch(() => undefined);
  }

  private start(name: SpanName, { kind, parent, attributes }: SpanOptions, startTime?: Date): Span {
    const options = { kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind], attributes: { ...attributes } };
    return this.tracer.startSpan(name, { ...options, ...(startTime && { startTime }) }, this.context(parent));
  }

  private context(parent: string | undefined): Context {
    if (parent !== undefined) return propagator.extract(ROOT_CONTEXT, { traceparent: parent }, defaultTextMapGetter);
    const span = this.spans.getStore();
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  }
}

/** The code of an error, or its class. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.constructor.name;
}
