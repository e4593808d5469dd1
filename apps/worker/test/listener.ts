import { ListenSignals } from '@app/queue';
import type { SeparationId } from '@app/separations';
import type { WorkerFixture } from './worker-fixture.js';

const SAY_EVERY_MS = 1000;

/** Says that somebody listens, as rest-server does while an event stream is open. */
export class Listener {
  private constructor(private readonly timer: NodeJS.Timeout) {}

  static of({ connections }: WorkerFixture, id: SeparationId): Listener {
    const signals = new ListenSignals(connections);
    const say = (): void => {
      signals.announce(id).catch(() => undefined);
    };
    say();
    // a spec that fails before it leaves must still end
    return new Listener(setInterval(say, SAY_EVERY_MS).unref());
  }

  leave(): void {
    clearInterval(this.timer);
  }
}
