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
  private mixer: Mixer | undefined;
  private sinceReport = 0;

  constructor({ processorOptions }: ProcessorOptions) {
    super();
    this.mixer = new Mixer(processorOptions);
    this.port.onmessage = ({ data }: MessageEvent<WorkletMessage>) => {
      // the browser keeps the processor of a closed context, but not the song
      if (data.type === 'close') this.mixer = undefined;
      else this.mixer?.execute(data);
    };
  }

  process(_inputs: readonly unknown[], [output]: readonly (readonly Float32Array[])[]): boolean {
    const [left, right] = output ?? [];
    if (this.mixer === undefined) return false;
    if (left !== undefined && right !== undefined) this.render(this.mixer, left, right);
    return true;
  }

  private render(mixer: Mixer, left: Float32Array, right: Float32Array): void {
    mixer.render(left, right);
    this.sinceReport += left.length;
    if (this.sinceReport < REPORT_INTERVAL) return;
    this.sinceReport = 0;
    this.port.postMessage(mixer.report());
  }
}

registerProcessor('mixer', MixerProcessor);
