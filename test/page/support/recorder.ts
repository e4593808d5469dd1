import type { Page } from 'playwright-core';

/** Records every sample a page plays. Call it before the page loads. */
export async function recordSound(page: Page): Promise<void> {
  await page.addInitScript({ content: RECORDER });
}

/** Left channel of everything played since the last call. */
export async function takeSound(page: Page): Promise<Float32Array> {
  const base64 = await page.evaluate<string>('recorded.take()');
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Samples recorded since the last call of `takeSound`. */
export function recordedSamples(page: Page): Promise<number> {
  return page.evaluate<number>('recorded.length');
}

/** Whether the recorder missed a part since the last call. */
export function missedSound(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('recorded.takeMissed()');
}

/**
 * Connects every node that feeds the output to a recorder too: in the audio thread, or where no worklet is allowed
 * in a script processor with large buffers. A busy page may miss one of these: the right channel of the recording counts
 * the samples.
 */
const RECORDER = `
const module = \`registerProcessor('recorder', class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0] !== undefined) this.port.postMessage(input[0].slice());
    return true;
  }
});\`;
const recorded = {
  blocks: [],
  missed: false,
  takeMissed() {
    const { missed } = this;
    this.missed = false;
    return missed;
  },
  get length() {
    return this.blocks.reduce((sum, block) => sum + block.length, 0);
  },
  take() {
    const all = new Float32Array(this.length);
    let end = 0;
    for (const block of this.blocks) {
      all.set(block, end);
      end += block.length;
    }
    this.blocks = [];
    const bytes = new Uint8Array(all.buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  },
};
globalThis.recorded = recorded;
const connect = AudioNode.prototype.connect;
/** period of the counter, in samples */
const COUNT = 2 ** 17;
function openScriptRecorder(context) {
  const counter = new AudioBufferSourceNode(context, { loop: true });
  counter.buffer = new AudioBuffer({ length: COUNT, sampleRate: context.sampleRate });
  counter.buffer.copyToChannel(Float32Array.from({ length: COUNT }, (_, at) => at / COUNT), 0);
  const left = new ChannelSplitterNode(context);
  const both = new ChannelMergerNode(context, { numberOfInputs: 2 });
  const recorder = context.createScriptProcessor(16384, 2, 2);
  let next = 0;
  recorder.onaudioprocess = ({ inputBuffer }) => {
    const counted = inputBuffer.getChannelData(1);
    for (const count of counted) {
      if (count * COUNT !== next) recorded.missed = true;
      next = (count * COUNT + 1) % COUNT;
    }
    recorded.blocks.push(inputBuffer.getChannelData(0).slice());
  };
  connect.call(left, both, 0, 0);
  connect.call(counter, both, 0, 1);
  connect.call(both, recorder);
  connect.call(recorder, context.destination);
  counter.start();
  recorded.nodes = [counter, left, both, recorder];
  return left;
}

async function openRecorder(context) {
  if (context.audioWorklet === undefined) return openScriptRecorder(context);
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([module], { type: 'text/javascript' })));
  const recorder = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0 });
  recorder.port.onmessage = ({ data }) => recorded.blocks.push(data);
  return recorder;
}
AudioNode.prototype.connect = function (target, ...rest) {
  if (target === this.context.destination) {
    openRecorder(this.context).then((recorder) => {
      recorded.recorder = recorder;
      connect.call(this, recorder);
      recorded.ready = true;
    });
  }
  return connect.call(this, target, ...rest);
};
`;
