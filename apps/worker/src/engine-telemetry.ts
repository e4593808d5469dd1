import type { Logger } from '@app/logging';
import type { EngineObserver, EngineState } from './engine/engine.client.js';
import type { EngineEnd } from './engine/engine-process.js';
import { logEngineLine } from './engine/engine-log.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';

/** Logs and counts what happens to an engine. */
export class EngineTelemetry implements EngineObserver {
  constructor(
    /** among those of this worker */
    private readonly number: number,
    private readonly logger: Logger,
    private readonly metrics: WorkerMetrics,
    private readonly onState: (state: EngineState) => void,
  ) {}

  stateChanged(state: EngineState): void {
    this.metrics.setEngineReady(this.number, state.state === 'ready');
    if (state.state === 'ready') {
      const { backend, device, deviceName, precision, models } = state.facts;
      const names = models.map(({ name }) => name).join(', ');
      this.logger.info(`engine ready: ${backend} ${precision} on ${device} (${deviceName}), models ${names}`);
    }
    this.onState(state);
  }

  ended(end: EngineEnd, retryInMs: number): void {
    this.metrics.engineEnded(this.number, end.cause);
    const level = ['interrupted', 'stopped'].includes(end.cause) ? 'info' : 'error';
    this.logger.log(level, `${end.message}; restarting in ${retryInMs / 1000} s`, { cause: end.cause });
  }

  memoryUsed(bytes: number): void {
    this.metrics.setEngineMemory(this.number, bytes);
  }

  log(line: string, stream: 'stdout' | 'stderr'): void {
    logEngineLine(this.logger, line, stream);
  }
}
