import { MixBus } from './mix-bus.js';
import type { Command, MixerOptions, Report } from './protocol.js';
import { Transport } from './transport.js';

/** samples between two reports */
const REPORT_INTERVAL = 1470;

/** The mixer in the audio thread: executes commands and renders blocks. */
export class Mixer {
  private readonly bus: MixBus;
  private readonly transport: Transport;
  private sinceReport = 0;

  constructor(
    { segmentSamples, samples }: MixerOptions,
    private readonly report: (report: Report) => void,
  ) {
    this.bus = new MixBus(segmentSamples, samples);
    this.transport = new Transport(this.bus);
  }

  execute(command: Command): void {
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
        this.bus.setLevel(command.lane, command.level);
        break;
      case 'segment':
        this.bus.add(command.lane, command.index, command.segment);
        break;
      case 'keep':
        this.bus.keep(command.lane, command.indexes);
        break;
      case 'close':
        break;
    }
  }

  render(left: Float32Array, right: Float32Array): void {
    this.transport.render(left, right);
    this.sinceReport += left.length;
    if (this.sinceReport < REPORT_INTERVAL) return;
    this.sinceReport = 0;
    const { position, isPlaying: playing, isWaiting: waiting } = this.transport;
    this.report({ position, playing, waiting, peaks: this.bus.takePeaks() });
  }
}
