import type { EngineErrorCode } from './protocol.js';

/** The engine wrote a line that the protocol does not have: what it says cannot be trusted any more. */
export class EngineProtocolError extends Error {}

/** The engine ended, or was ended, while a separation was under way in it. */
export class EngineLostError extends Error {
  constructor(
    readonly code: 'engine_crashed' | 'engine_hung',
    message: string,
  ) {
    super(message);
  }
}

/** No engine is there to separate with. */
export class EngineUnavailableError extends Error {
  readonly code = 'engine_unavailable';
}

/** The engine answered a separation with an error; the code is the protocol's. */
export class EngineFailureError extends Error {
  constructor(
    readonly code: EngineErrorCode,
    message: string,
  ) {
    super(message);
  }
}
