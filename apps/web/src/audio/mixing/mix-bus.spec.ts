import { describe, expect, it } from '@jest/globals';
import { MixBus } from './mix-bus.js';
import type { Segment, StemSource } from '../sources/stem-source.js';
import { Transport } from './transport.js';

const SAMPLES = 200_000;
/** each lane has segments of another length */
const LENGTHS = [30_000, 44_100, 131_072];

const song = (lane: number): Float32Array =>
  Float32Array.from({ length: SAMPLES }, (_, at) => 0.25 * Math.sin((at * (lane + 1)) / 30));

const SONGS = LENGTHS.map((_, lane) => song(lane));

function source(lane: number): StemSource {
  const whole = SONGS[lane] ?? new Float32Array();
  const segmentSamples = LENGTHS[lane] ?? 1;
  const segment = (index: number): Promise<Segment> => {
    const left = whole.slice(index * segmentSamples, (index + 1) * segmentSamples);
    return Promise.resolve({ left, right: left.map((sample) => -sample) });
  };
  return { segmentSamples, samples: SAMPLES, segment };
}

const largest = (samples: Float32Array): number =>
  samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

async function loadedBus(): Promise<MixBus> {
  const bus = new MixBus(
    LENGTHS.map((segmentSamples) => ({ segmentSamples, kind: 'tones' })),
    SAMPLES,
  );
  for (const [lane, length] of LENGTHS.entries()) {
    for (let index = 0; index * length < SAMPLES; index += 1)
      bus.add(lane, index, await source(lane).segment(index, new AbortController().signal));
    bus.setLevel(lane, { left: 1, right: 1 });
  }
  bus.settle();
  return bus;
}

const render = (transport: Transport, count: number): Float32Array => {
  const out = new Float32Array(count);
  for (let at = 0; at < count; at += 128) {
    const left = new Float32Array(128);
    transport.render(left, new Float32Array(128));
    out.set(left.subarray(0, Math.min(128, count - at)), at);
  }
  return out;
};

describe(MixBus.name, () => {
  it('plays all lanes at the same sample, through the whole song', async () => {
    const transport = new Transport(await loadedBus());
    transport.play();
    const out = render(transport, SAMPLES - 20_000);
    // after the fade-in
    const errors = out.map((sample, at) => sample - SONGS.reduce((sum, lane) => sum + (lane[at] ?? 0), 0));
    expect(largest(errors.subarray(300))).toBeLessThan(1e-6);
  });

  it('waits for the audio of an audible lane, and continues where it stopped', async () => {
    const bus = await loadedBus();
    bus.keep(1, []);
    const transport = new Transport(bus);
    transport.play();
    expect(render(transport, 1280).every((sample) => sample === 0)).toBe(true);
    expect([transport.isWaiting, transport.position]).toEqual([true, 0]);
    bus.setLevel(1, { left: 0, right: 0 });
    bus.settle();
    expect(render(transport, 1280).some((sample) => sample !== 0)).toBe(true);
  });

  it('lets in a lane that was turned on once its audio is there, and the others play on', async () => {
    const bus = await loadedBus();
    bus.setLevel(1, { left: 0, right: 0 });
    bus.keep(1, []);
    const transport = new Transport(bus);
    transport.play();
    render(transport, 1280);
    const wholeBefore = bus.mark();
    bus.setLevel(1, { left: 1, right: 1 });
    const without = render(transport, 1280);
    expect([transport.isJoining, transport.isWaiting]).toEqual([true, false]);
    const at = (lane: number, position: number): number => SONGS[lane]?.[position] ?? 0;
    expect(largest(without.map((sample, i) => sample - at(0, 1280 + i) - at(2, 1280 + i)))).toBeLessThan(1e-6);
    bus.add(1, 0, await source(1).segment(0, new AbortController().signal));
    const withIt = render(transport, 1280).subarray(128);
    expect(transport.isJoining).toBe(false);
    const errors = withIt.map((sample, i) => sample - [0, 1, 2].reduce((sum, lane) => sum + at(lane, 2688 + i), 0));
    expect(largest(errors)).toBeLessThan(1e-6);
    // an output that goes back plays what it played
    wholeBefore();
    expect(transport.isJoining).toBe(true);
  });

  it('waits for a lane that is turned on where no other is heard', async () => {
    const bus = await loadedBus();
    for (const lane of [0, 1, 2]) bus.setLevel(lane, { left: 0, right: 0 });
    bus.keep(1, []);
    const transport = new Transport(bus);
    transport.play();
    render(transport, 1280);
    bus.setLevel(1, { left: 1, right: 1 });
    render(transport, 1280);
    expect(transport.isWaiting).toBe(true);
    expect(transport.position).toBeLessThan(2 * 1280);
  });

  it('fades out before it waits', async () => {
    const bus = await loadedBus();
    bus.keep(1, [0]);
    const transport = new Transport(bus);
    transport.play();
    const out = render(transport, LENGTHS[1] ?? 0);
    expect(transport.isWaiting).toBe(true);
    // a lane that cannot be heard needs no audio
    bus.setLevel(1, { left: 0, right: 0 });
    expect(render(transport, 1280).some((sample) => sample !== 0)).toBe(true);
    expect(out.findLastIndex((sample) => sample !== 0)).toBeGreaterThan(30_000);
    // the steepest part of the lanes, and a little more; the sound would end at half of its height
    expect(largest(out.map((sample, at) => sample - (out[at - 1] ?? sample)))).toBeLessThan(0.06);
  });

  it('loops to the sample', async () => {
    const transport = new Transport(await loadedBus());
    transport.setLoop({ start: 1000, end: 5000 });
    transport.seek(1000);
    transport.play();
    const out = render(transport, 12_000);
    expect(out.slice(4000, 8000)).toEqual(out.slice(8000, 12_000));
    expect(transport.position).toBeLessThan(5000);
  });
});
