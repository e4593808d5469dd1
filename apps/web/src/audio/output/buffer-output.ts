import type { Command, MixerOptions } from '../mixing/protocol.js';
import { SAMPLE_RATE } from '../sources/stem-source.js';
import { BLOCK_SAMPLES, transferOf, type Block, type WorkerMessage } from './messages.js';
import type { MixerOutput, OutputListener } from './mixer-output.js';
import MixerWorker from './mixer.worker.ts?worker';

/** samples scheduled ahead of the audio clock: more than a busy page pauses */
const AHEAD = 1.5 * SAMPLE_RATE;

/** samples ahead of the audio clock that a command does not change: the worker needs them to render the rest */
const FIXED = 0.1 * SAMPLE_RATE;

/** samples ahead of the audio clock that may be playing already: the clock advances in steps */
const TOO_LATE = 0.03 * SAMPLE_RATE;

interface Scheduled {
  readonly index: number;
  /** sample of the audio clock */
  readonly start: number;
  readonly source: AudioBufferSourceNode;
}

/**
 * Plays blocks that a worker mixes, each from its sample of the audio clock. After a command the worker renders the
 * blocks again that are not about to play; the old ones stay until then.
 */
export class BufferOutput implements MixerOutput {
  private readonly worker = new MixerWorker();
  private readonly bus: GainNode;
  private readonly commands: Command[] = [];
  /** in the order they play */
  private scheduled: readonly Scheduled[] = [];
  /** the next block to render */
  private next = 0;
  /** the block after the last scheduled one */
  private end = { index: 0, start: 0 };
  private isRendering = false;
  /** audio that comes changes what was rendered */
  private wantsAudio = false;

  constructor(
    private readonly context: AudioContext,
    options: MixerOptions,
    private readonly listener: OutputListener,
  ) {
    this.bus = new GainNode(context);
    this.bus.connect(context.destination);
    this.worker.onmessage = ({ data }: MessageEvent<readonly Block[]>) => {
      this.isRendering = false;
      for (const block of data) this.receive(block);
      this.pump();
    };
    this.worker.onerror = ({ message }) => {
      listener.failed(new Error(`the mixer failed: ${message}`));
    };
    this.post({ type: 'open', options });
    this.pump();
  }

  send(command: Command): void {
    const changesNothing = command.type === 'keep' || (command.type === 'segment' && !this.wantsAudio);
    if (changesNothing) this.post({ type: 'audio', command }, transferOf(command));
    else this.commands.push(command);
    this.pump();
  }

  close(): void {
    this.worker.onmessage = null;
    this.worker.terminate();
    for (const { source } of this.scheduled) discard(source);
    this.bus.disconnect();
  }

  /** Asks for the next blocks, unless enough are scheduled. */
  private pump(): void {
    if (this.isRendering) return;
    const commands = this.commands.splice(0);
    if (commands.length > 0) this.goBack();
    else if (this.next === this.end.index && this.end.start > this.now + AHEAD) return;
    this.isRendering = true;
    this.post({ type: 'render', index: this.next, commands }, commands.flatMap(transferOf));
  }

  /** Goes back to the first block that is not about to play. */
  private goBack(): void {
    const fixed = this.now + FIXED;
    const first = this.scheduled.find(({ start }) => start >= fixed)?.index;
    if (first !== undefined) this.next = Math.min(this.next, first);
  }

  private receive(block: Block): void {
    const { index, report } = block;
    this.next = index + 1;
    this.wantsAudio = report.waiting || report.joining;
    if (index === this.end.index) {
      // late after a long pause of the page: the sound pauses too, and leaves nothing out
      const start = this.end.start > this.now + TOO_LATE ? this.end.start : Math.ceil(this.now + FIXED);
      this.scheduled = [...this.scheduled, this.schedule(block, start)];
      this.end = { index: this.next, start: start + BLOCK_SAMPLES };
      return;
    }
    this.scheduled = this.scheduled.map((old) => {
      // what is about to play stays as it is
      if (old.index !== index || old.start <= this.now + TOO_LATE) return old;
      discard(old.source);
      return this.schedule(block, old.start);
    });
  }

  private schedule({ index, left, right, report }: Block, start: number): Scheduled {
    const buffer = new AudioBuffer({ length: BLOCK_SAMPLES, numberOfChannels: 2, sampleRate: SAMPLE_RATE });
    buffer.copyToChannel(left, 0);
    buffer.copyToChannel(right, 1);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.bus);
    source.onended = () => {
      source.disconnect();
      this.scheduled = this.scheduled.filter((block) => block.source !== source);
      this.listener.reported(report);
      this.pump();
    };
    source.start(start / SAMPLE_RATE);
    return { index, start, source };
  }

  /** sample of the audio clock */
  private get now(): number {
    return this.context.currentTime * SAMPLE_RATE;
  }

  private post(message: WorkerMessage, transfer: ArrayBufferLike[] = []): void {
    this.worker.postMessage(message, transfer);
  }
}

function discard(source: AudioBufferSourceNode): void {
  source.onended = null;
  source.disconnect();
  source.stop();
}
