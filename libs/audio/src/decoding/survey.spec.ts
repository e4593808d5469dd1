import { describe, expect, it } from '@jest/globals';
import { parseFrame } from './survey.js';

const FRAME =
  'n:128 pts:131072 pts_time:2.972154 fmt:fltp channels:2 chlayout:stereo rate:44100 nb_samples:1024 checksum:0B2E1726 ';

describe(parseFrame.name, () => {
  it.each([
    ['alone', '[Parsed_ashowinfo_0 @ 0x5621e0348540] [info] '],
    // ffmpeg's threads write to one log
    ['behind a message of the decoder', '[aac @ 0x5621e0348540] [warning] Clipped noise gain (-236 -> -100)'],
  ])('finds a frame %s', (_where, before) => {
    const frame = parseFrame(`${before}${FRAME}plane_checksums: [ FDDDCF00 4B234817 ]`);
    expect(frame).toEqual({ stampedAt: 2.972154, seconds: 1024 / 44_100 });
  });

  it('finds none in other lines', () => {
    expect(parseFrame('[aac @ 0x5621e0348540] [error] Number of bands (31) exceeds limit (30).')).toBeUndefined();
  });
});
