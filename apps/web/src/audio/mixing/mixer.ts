import { MixBus } from './mix-bus.js';
import type { Command, MixerOptions, Report } from './protocol.js';
import { Transport } from './transport.js';

/** Samples that are rendered at once: the block of an audio worklet. */
export const QUANTUM = 128;

/** The mixer, for any output: executes commands and renders blocks. */
export class Mixer {
  private readonly bus: MixBus;
  private readonly transport: Transport;
  private move = 0;

  constructor({ lanes, samples }: MixerOptions) {
    this.bus = new MixBus(lanes, samples);
    this.transport = new Transport(this.bus);
  }

  execute(command: Command): void {
    if ('move' in command) this.move = command.move;
    switch (command.type) {
      case 'play':
        this.transport.play(command.countIn);
        break;
      case 'pause':
        this.transport.pause();
        break;
      case 'seek':
        this.transport.seek(command.position);
        break;
      case 'stretch-library':
        this.transport.setStretchLibrary(command.library);
        break;
      case 'change':
        this.transport.setChange(command.change);
        break;
      case 'beats':
        this.transport.clicks.beats = command.beats;
        break;
      case 'click':
        this.transport.clicks.isOn = command.isOn;
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
    }
  }

  /** Fills a quantum. */
  render(left: Float32Array, right: Float32Array): void {
    this.transport.render(left, right);
  }

  /** The state after the last render. */
  report(): Report {
    const { position, isPlaying: playing, isWaiting: waiting, isCountingIn: countingIn } = this.transport;
    const { isJoining: joining } = this.transport;
    return { move: this.move, position, playing, waiting, joining, countingIn, peaks: this.bus.takePeaks() };
  }

  /**
   * Remembers what rendering changes; commands since then must be sent again.
   * @returns a function that goes back, and tells whether the sound goes on as it did
   */
  mark(): () => boolean {
    const restoreLevels = this.bus.mark();
    const restoreTransport = this.transport.mark();
    return () => {
      restoreLevels();
      return restoreTransport();
    };
  }
}
