/** The steps of a song. Names have no parts that change, so that traces can be compared. */
export type SpanName =
  | 'upload'
  | 'receive'
  | 'check'
  | 'store song'
  | 'enqueue'
  | 'queue wait'
  | 'separation'
  | 'fetch'
  | 'decode'
  | 'engine wait'
  | 'separate'
  | 'load models'
  | 'network'
  | 'encode'
  | 'store'
  | 'commit';

/** What spans may tell. Neither names of songs, nor keys, nor addresses. */
export interface SpanAttributes {
  readonly 'separation.id'?: string;
  readonly 'separation.model'?: string;
  /** 1 for the first */
  readonly 'separation.attempt'?: number;
  readonly 'song.bytes'?: number;
  readonly 'song.seconds'?: number;
  /** the model of a network: a recipe has several */
  readonly 'network.model'?: string;
  readonly 'network.signature'?: string;
  readonly 'engine.device'?: string;
}

export interface SpanOptions {
  readonly kind?: 'server' | 'producer' | 'consumer';
  /** `traceparent` of the span that this one follows; by default the one around it */
  readonly parent?: string | undefined;
  readonly attributes?: SpanAttributes;
}

export interface SpanTimes {
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** Makes the spans of this process, and sends them. */
export interface Tracer {
  run<T>(name: SpanName, options: SpanOptions, work: () => Promise<T>): Promise<T>;
  add(name: SpanName, options: SpanOptions & SpanTimes): void;
  annotate(attributes: SpanAttributes): void;
  traceparent(): string | undefined;
  traceId(): string | undefined;
  /** Sends what is left. Never fails. */
  close(): Promise<void>;
}
