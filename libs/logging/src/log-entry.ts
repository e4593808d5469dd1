/** key of the Redis Stream that carries the entries of all services */
export const LOG_STREAM = 'logging';

export const SERVICES = ['rest-server', 'worker-server', 'logs'] as const;

export type ServiceName = (typeof SERVICES)[number];

/** A log entry as it lies in the stream; its id there is not part of it. */
export interface LogEntry {
  /** ISO 8601, UTC */
  readonly time: string;
  readonly level: string;
  readonly service: string;
  /** host name: the pod's in a cluster */
  readonly pod: string;
  readonly message: string;
  readonly requestId?: string;
  readonly separationId?: string;
  /** whatever else was logged with the message */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** longest message that is sent, in characters: one line must not fill the stream */
const MAX_TEXT = 16_384;

/** Names and values in turn, as XADD takes them. */
export function toStreamFields(entry: LogEntry): string[] {
  const { fields, ...texts } = entry;
  const flat = Object.entries(texts).flatMap(([name, value]) => [name, cut(value)]);
  return fields === undefined ? flat : [...flat, 'fields', cut(JSON.stringify(fields))];
}

/** Never fails: anybody may write to the stream, and a strange entry must be seen too. */
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
    // cut off at the length limit
    return { text: json };
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
