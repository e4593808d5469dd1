import { addSpan } from '@app/tracing';
import type { EngineResult } from '../../engine/protocol.js';

type EngineWork = Pick<EngineResult, 'seconds' | 'networks' | 'device'>;

/**
 * Makes spans of what the engine measured, one after the other, up to its answer. Networks of one model take turns with
 * each segment, so a span tells how long its network took, and not when.
 */
export function addEngineSpans({ seconds, networks, device }: EngineWork, endedAt: Date): void {
  const tail = networks.reduce((sum, network) => sum + network.seconds, 0);
  let at = endedAt.getTime() - (seconds.load + tail) * 1000;
  const take = (duration: number): { startedAt: Date; endedAt: Date } => {
    const startedAt = new Date(at);
    at += duration * 1000;
    return { startedAt, endedAt: new Date(at) };
  };
  addSpan('load models', take(seconds.load));
  for (const network of networks) {
    const attributes = {
      'network.model': network.model,
      'network.signature': network.signature,
      'engine.device': device,
    };
    addSpan('network', { ...take(network.seconds), attributes });
  }
}
