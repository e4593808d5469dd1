// runs in the audio thread
import { Mixer } from '../mixing/mixer.js';
import type { MixerOptions } from '../mixing/protocol.js';
import type { WorkletMessage } from './messages.js';

/** samples between two reports */
const REPORT_INTERVAL = 1470;

interface ProcessorOptions {
  readonly processorOptions: MixerOptions;
}

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(inputs: readonly unknown[], outputs: readonly (readonly Float32Array[])[]): boolean;
}

declare function registerProcessor(
  name: string,
  processor: new (options: ProcessorOptions) => AudioWorkletProcessor,
): void;

class MixerProcessor extends AudioWorkletProcessor {
  private readonly mixer: Mixer;
  private sinceReport = 0;
  private closed = false;

  constructor({ processorOptions }: ProcessorOptions) {
    super();
    this.mixer = new Mixer(processorOptions);
    this.port.onmessage = ({ data }: MessageEvent<WorkletMessage>) => {
      if (data.type === 'close') this.closed = true;
      else this.mixer.execute(data);
    };
  }

  process(_inputs: readonly unknown[], [output]: readonly (readonly Float32Array[])[]): boolean {
    const [left, right] = output ?? [];
    if (left !== undefined && right !== undefined) this.render(left, right);
    return !this.closed;
  }

  private render(left: Float32Array, right: Float32Array): void {
    this.mixer.render(left, right);
    this.sinceReport += left.length;
    if (this.sinceReport < REPORT_INTERVAL) return;
    this.sinceReport = 0;
    this.port.postMessage(this.mixer.report());
  }
}

registerProcessor('mixer', MixerProcessor);
