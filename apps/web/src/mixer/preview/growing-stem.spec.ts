import { beforeEach, describe, expect, it } from '@jest/globals';
import { ApiError } from '@app/client';
import type { Separation } from '../../api/contract.js';
import { ResegmentedSource } from '../../audio/sources/resegmented-source.js';
import { NotReadyError, SAMPLE_RATE, type Segment, type StemSource } from '../../audio/sources/stem-source.js';
import { GrowingStem } from './growing-stem.js';
import { PreviewBlocks } from './preview-blocks.js';

const NEVER = new AbortController().signal;
const SAMPLES = 7.5 * SAMPLE_RATE;
/** where the blocks of the preview begin */
const EDGES = [0, 3.3 * SAMPLE_RATE, 6.4 * SAMPLE_RATE];

const COMPLETED = { id: `sep_${'0'.repeat(32)}`, status: 'completed' } as Separation;

const audio = (from: number, to: number): Segment => {
  const left = Float32Array.from({ length: to - from }, (_, at) => (from + at) / SAMPLES);
  return { left, right: left.map((sample) => -sample) };
};

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);

/** a stem in segments of a length of its own */
const master: StemSource = {
  segmentSamples: 100_000,
  samples: SAMPLES,
  segment: (index) => Promise.resolve(audio(index * 100_000, Math.min((index + 1) * 100_000, SAMPLES))),
};

const block = (n: number): { n: number; from: number; to: number } => ({
  n,
  from: EDGES[n] ?? 0,
  to: EDGES[n + 1] ?? SAMPLES,
});

describe(GrowingStem.name, () => {
  let blocks: PreviewBlocks;
  let sut: GrowingStem;
  let lost: string[];
  let reads: string[];

  beforeEach(() => {
    blocks = new PreviewBlocks();
    [lost, reads] = [[], []];
    sut = new GrowingStem({
      samples: SAMPLES,
      blocks,
      readBlock: (attempt, n) => {
        reads.push(`${attempt}/${n}`);
        if (lost.includes(attempt)) return Promise.reject(new ApiError('not_found', 404, 'gone'));
        const { from, to } = block(n);
        return Promise.resolve(audio(from, to));
      },
      openMaster: () => Promise.resolve(new ResegmentedSource(master, SAMPLE_RATE, 1)),
    });
  });

  const publish = (attempt: string, ...numbers: number[]): void => {
    blocks.add({ attempt, blocks: numbers.map(block), samples: SAMPLES });
  };
  const ready = (): number[] => Array.from({ length: 8 }, (_, index) => index).filter((index) => sut.isReady(index));
  const expectSegment = async (index: number): Promise<void> => {
    const to = Math.min((index + 1) * SAMPLE_RATE, SAMPLES);
    const wanted = audio(index * SAMPLE_RATE, to);
    const read = await sut.segment(index, NEVER);
    // a matcher would compare the samples one by one
    expect([bytes(read.left).equals(bytes(wanted.left)), bytes(read.right).equals(bytes(wanted.right))]).toEqual([
      true,
      true,
    ]);
  };

  it('can be read as far as the blocks reach, and then the master goes on at the same sample', async () => {
    expect(ready()).toEqual([]);
    publish('a', 0);
    expect(ready()).toEqual([0, 1, 2]);
    publish('a', 1);
    expect(ready()).toEqual([0, 1, 2, 3, 4, 5]);
    for (const index of ready()) await expectSegment(index);
    // each block is read once
    expect(reads).toEqual(['a/0', 'a/1']);
    blocks.complete(COMPLETED);
    expect(ready()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const index of ready()) await expectSegment(index);
    expect(reads.length).toBe(2);
  });

  it('reads a segment across two blocks', async () => {
    publish('a', 0, 1);
    await expectSegment(3);
  });

  it('waits for another run if its blocks are gone, and the edge stays', async () => {
    publish('a', 0, 1);
    lost.push('a');
    await expect(sut.segment(0, NEVER)).rejects.toBeInstanceOf(NotReadyError);
    expect(ready()).toEqual([]);
    publish('b', 0);
    expect(ready()).toEqual([0, 1, 2]);
    await expectSegment(2);
    expect(blocks.edge.value).toBe(EDGES[2]);
  });

  it('has nothing to read of the run before', async () => {
    publish('a', 0, 1);
    publish('b', 0);
    expect(ready()).toEqual([0, 1, 2]);
    await expectSegment(0);
    expect(reads).toEqual(['b/0']);
  });
});
