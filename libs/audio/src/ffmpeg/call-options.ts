export interface SignalOption {
  readonly signal?: AbortSignal;
}

export interface LimitOptions extends SignalOption {
  readonly maxDurationSeconds: number;
}

/** What ffmpeg needs of this machine. */
export interface Programs {
  readonly program: string;
  /** folder for temporary files */
  readonly scratchDir: string;
}
