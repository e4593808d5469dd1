// a collector of traces: OTLP over HTTP, in JSON, as https://opentelemetry.io/docs/specs/otlp/ has it.
import { startHookReceiver } from './hook-receiver.js';

export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** seconds since 1970 */
  readonly from: number;
  readonly to: number;
}

export interface OtlpReceiver {
  readonly url: string;
  /** what it was sent so far. @throws if a request was none of OTLP */
  spans(): ReceivedSpan[];
  /** the status of its answers from now on */
  answer(status: number): void;
  close(): Promise<void>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

/** of STATUS_CODE_ERROR */
const ERROR = 2;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const hooks = await startHookReceiver();
  const answer = (status: number): void => {
    hooks.answer((response) => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'));
  };
  answer(200);
  return {
    url: `http://127.0.0.1:${hooks.port}`,
    spans: () =>
      hooks.received.flatMap(({ path, headers, body }) => {
        if (path !== '/v1/traces' || headers['content-type'] !== 'application/json')
          throw new Error(`not OTLP: ${path}`);
        return spansOf(JSON.parse(body) as Request);
      }),
    answer,
    close: () => hooks.close(),
  };
}

function spansOf({ resourceSpans }: Request): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service,
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        attributes: valuesOf(span.attributes),
        failed: span.status.code === ERROR,
        from: Number(span.startTimeUnixNano) / 1e9,
        to: Number(span.endTimeUnixNano) / 1e9,
      })),
    );
  });
}

/** each value stands below the name of its type */
function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
