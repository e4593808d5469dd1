import type { EngineErrorCode } from './protocol.js';

/** The engine wrote an invalid line, and can no longer be trusted. */
export class EngineProtocolError extends Error {}

/** The engine exited or was killed during a separation. */
export class EngineLostError extends Error {
  constructor(
    readonly code: 'engine_crashed' | 'engine_hung',
    message: string,
  ) {
    super(message);
  }
}

/** There is no engine to separate with. */
export class EngineUnavailableError extends Error {
  readonly code = 'engine_unavailable';
}

/** The engine answered a separation with an error code of the protocol. */
export class EngineFailureError extends Error {
  constructor(
    readonly code: EngineErrorCode,
    message: string,
  ) {
    super(message);
  }
}
