import type { TracingConfig } from '@app/config';
import type { SpanAttributes, SpanName, SpanOptions, SpanTimes, Tracer } from './tracer.js';

export interface Tracing {
  readonly config: TracingConfig;
  readonly service: string;
  /** told once when traces cannot be sent, and once when they can be again */
  readonly tell: (message: string) => void;
}

/** one for the process, as its log is */
let tracer: Tracer | undefined;

/** Traces from now on, if an endpoint is set. @returns sends what is left, and ends it */
export async function openTracing({ config, service, tell }: Tracing): Promise<() => Promise<void>> {
  const url = endpointOf(config);
  if (url === undefined) return () => Promise.resolve();
  // without an endpoint, the libraries cost neither memory nor time
  const { OpenTelemetryTracer } = await import('./open-telemetry.js');
  const opened = new OpenTelemetryTracer(url, service, tell);
  tracer = opened;
  return async () => {
    if (tracer === opened) tracer = undefined;
    await opened.close();
  };
}

/** Runs `work` as a span. What it calls makes spans within it. An error ends the span with its code. */
export function inSpan<T>(name: SpanName, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  return tracer === undefined ? work() : tracer.run(name, options, work);
}

/** Adds a span that has ended already. */
export function addSpan(name: SpanName, options: SpanOptions & SpanTimes): void {
  tracer?.add(name, options);
}

/** Adds to what the span around this call tells. */
export function annotateSpan(attributes: SpanAttributes): void {
  tracer?.annotate(attributes);
}

/** Names the span around this call for another process; undefined without one. */
export function traceparent(): string | undefined {
  return tracer?.traceparent();
}

/** 32 hex digits; undefined without a span. */
export function traceId(): string | undefined {
  return tracer?.traceId();
}

function endpointOf({ endpoint, tracesEndpoint, disabled }: TracingConfig): string | undefined {
  if (disabled === 'true') return undefined;
  if (tracesEndpoint !== undefined) return tracesEndpoint.href;
  return endpoint && `${endpoint.href.replace(/\/$/, '')}/v1/traces`;
}
