/** key of the Redis Stream with the entries of all services */
export const LOG_STREAM = 'logging';

export type ServiceName = 'rest-server' | 'worker-server' | 'logs';

/** A log entry in the stream, without its entry id. */
export interface LogEntry {
  /** ISO 8601, UTC */
  readonly time: string;
  readonly level: string;
  readonly service: string;
  /** host name: in a cluster, the pod's name */
  readonly pod: string;
  readonly message: string;
  readonly requestId?: string;
  readonly separationId?: string;
  /** everything else that was logged with the message */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** longest text, in characters: one entry must not fill the stream */
const MAX_TEXT = 16_384;

/** Alternating names and values for XADD. */
export function toStreamFields(entry: LogEntry): string[] {
  const { fields, ...texts } = entry;
  const flat = Object.entries(texts).flatMap(([name, value]) => [name, cut(value)]);
  return fields === undefined ? flat : [...flat, 'fields', cut(JSON.stringify(fields))];
}

/** Never fails: anyone can write to the stream, and malformed entries must show up too. */
export function parseLogEntry(flat: readonly string[]): LogEntry {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) values.set(flat[index] ?? '', flat[index + 1] ?? '');
  const { requestId, separationId } = { requestId: values.get('requestId'), separationId: values.get('separationId') };
  const fields = parseFields(values.get('fields'));
  return {
    time: values.get('time') ?? '',
    level: values.get('level') ?? 'info',
    service: values.get('service') ?? 'unknown',
    pod: values.get('pod') ?? '',
    message: values.get('message') ?? '',
    ...(requestId !== undefined && { requestId }),
    ...(separationId !== undefined && { separationId }),
    ...(fields !== undefined && { fields }),
  };
}

function parseFields(json: string | undefined): Record<string, unknown> | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : { value };
  } catch {
    // cut at the length limit
    return { text: json };
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
