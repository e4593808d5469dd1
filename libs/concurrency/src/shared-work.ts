interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/** Coalesces concurrent requests for the same work; cancels it when the last waiter leaves. */
export class SharedWork<T> {
  private readonly flights = new Map<string, Flight<T>>();

  /** @throws the signal's reason when it aborts; other callers keep waiting */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const flight = this.flights.get(key) ?? this.start(key, work);
    flight.waiting += 1;
    try {
      return await untilAborted(flight.result, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) this.end(key, flight, signal.reason);
    }
  }

  stopAll(reason: Error): void {
    for (const [key, flight] of this.flights) this.end(key, flight, reason);
  }

  private start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    const result = work(stop.signal);
    const flight = { result, stop, waiting: 0 };
    this.flights.set(key, flight);
    return flight;
  }

  /** Removes the flight first: a new caller must not join work that is being cancelled. */
  private end(key: string, flight: Flight<T>, reason: unknown): void {
    if (this.flights.get(key) === flight) this.flights.delete(key);
    flight.stop.abort(reason);
  }
}

function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const gone = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', gone);
    result.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', gone);
    });
  });
}
