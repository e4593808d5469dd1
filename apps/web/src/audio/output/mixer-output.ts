import type { Command, Report } from '../mixing/protocol.js';

/** A mixer that plays through an audio context. */
export interface MixerOutput {
  send(command: Command): void;
  close(): void;
}

export interface OutputListener {
  reported(report: Report): void;
  /** The mixer has stopped, and must be closed. */
  failed(error: unknown): void;
}
