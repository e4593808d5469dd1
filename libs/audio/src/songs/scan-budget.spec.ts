import { describe, expect, it } from '@jest/globals';
import { UnsupportedAudioError } from '../errors/audio.error.js';
import { bufferSource } from '../sources/buffer-source.js';
import { scanMp3 } from './mp3-scan.js';
import { splitOgg } from './ogg-links.js';

const MIB = 1024 * 1024;

describe('the scan of a made-up file', () => {
  it('ends early where an Ogg page of 58 kB begins at every 27th byte', async () => {
    // each checksum would be computed in vain: 2 GB for this file
    const page = Buffer.concat([Buffer.from('OggS'), Buffer.alloc(23, 0xff)]);
    const file = Buffer.alloc(MIB, page);
    await expect(splitOgg(bufferSource(file))).rejects.toThrow(UnsupportedAudioError);
  });

  it('ends early where a tag may begin at every byte behind the first frames of an MP3', async () => {
    // MPEG 1, layer 3, 128 kbit/s, 44.1 kHz
    const frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)]);
    const frames = Buffer.concat(Array.from({ length: 8 }, () => frame));
    expect((await scanMp3(bufferSource(frames)))?.runs).toHaveLength(1);
    expect(await scanMp3(bufferSource(Buffer.concat([frames, Buffer.alloc(2 * MIB, 'A')])))).toBeUndefined();
  });
});
