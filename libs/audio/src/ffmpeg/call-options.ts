export interface SignalOption {
  readonly signal?: AbortSignal;
}

export interface LimitOptions extends SignalOption {
  readonly maxDurationSeconds: number;
}
