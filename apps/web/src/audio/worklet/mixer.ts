import type { Command, MixerOptions, Report } from './protocol.js';
import { MixCore } from './mix-bus.js';
import { Transport } from './transport.js';

/** samples between two reports */
const REPORT_EVERY = 1470;

/** Carries out the commands and fills the blocks: what runs in the audio thread. */
export class Mixer {
  private readonly core: MixCore;
  private readonly transport: Transport;
  private sinceReport = 0;

  constructor(
    { segmentSamples, samples }: MixerOptions,
    private readonly report: (report: Report) => void,
  ) {
    this.core = new MixCore(segmentSamples, samples);
    this.transport = new Transport(this.core);
  }

  obey(command: Command): void {
    switch (command.type) {
      case 'play':
      case 'pause':
        this.transport.setPlaying(command.type === 'play');
        break;
      case 'seek':
        this.transport.seek(command.position);
        break;
      case 'speed':
        this.transport.setSpeed(command.speed);
        break;
      case 'loop':
        this.transport.setLoop(command.loop);
        break;
      case 'level':
        this.core.setLevel(command.lane, command.level);
        break;
      case 'segment':
        this.core.add(command.lane, command.index, command.segment);
        break;
      case 'keep':
        this.core.keep(command.lane, command.indexes);
        break;
      case 'close':
        break;
    }
  }

  render(left: Float32Array, right: Float32Array): void {
    this.transport.render(left, right);
    this.sinceReport += left.length;
    if (this.sinceReport < REPORT_EVERY) return;
    this.sinceReport = 0;
    const { position, isPlaying: playing, isWaiting: waiting } = this.transport;
    this.report({ position, playing, waiting, peaks: this.core.takePeaks() });
  }
}
