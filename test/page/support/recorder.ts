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

/** connects every node that feeds the output to a recorder in the audio thread too */
const RECORDER = `
const module = \`registerProcessor('recorder', class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0] !== undefined) this.port.postMessage(input[0].slice());
    return true;
  }
});\`;
const recorded = {
  blocks: [],
  take() {
    const all = new Float32Array(this.blocks.length * 128);
    this.blocks.forEach((block, index) => all.set(block, index * 128));
    this.blocks = [];
    const bytes = new Uint8Array(all.buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  },
};
globalThis.recorded = recorded;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  const { context } = this;
  if (target === context.destination) {
    const url = URL.createObjectURL(new Blob([module], { type: 'text/javascript' }));
    context.audioWorklet.addModule(url).then(() => {
      const recorder = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0 });
      recorder.port.onmessage = ({ data }) => recorded.blocks.push(data);
      connect.call(this, recorder);
      recorded.ready = true;
    });
  }
  return connect.call(this, target, ...rest);
};
`;
