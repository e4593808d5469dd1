// runs in a worker, where no audio worklet is allowed
import type { Command } from '../mixing/protocol.js';
import { BlockRenderer } from './block-renderer.js';
import { BLOCKS_AT_ONCE, type WorkerMessage } from './messages.js';

let renderer: BlockRenderer | undefined;

self.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
  if (data.type === 'open') renderer = new BlockRenderer(data.options);
  else if (data.type === 'audio') renderer?.execute(data.command);
  else if (renderer !== undefined) answer(renderer, data.index, data.commands);
};

function answer(from: BlockRenderer, first: number, commands: readonly Command[]): void {
  const blocks = Array.from({ length: BLOCKS_AT_ONCE }, (_, count) =>
    from.render(first + count, count === 0 ? commands : []),
  );
  self.postMessage(blocks, { transfer: blocks.flatMap(({ left, right }) => [left.buffer, right.buffer]) });
}
