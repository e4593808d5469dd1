import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';

describe('the license of the images', () => {
  it.each(['Dockerfile.api', 'Dockerfile.worker'])('names the GPL of ffmpeg, with a notice: %s', async (file) => {
    const lines = await readFile(file, 'utf8');
    expect(lines).toContain('org.opencontainers.image.licenses="MIT AND GPL-3.0-or-later"');
    expect(lines).toMatch(/^COPY .*\bNOTICE\b/m);
    expect((await readFile('.dockerignore', 'utf8')).split('\n')).toContain('!NOTICE');
  });

  it('names the ffmpeg that the lock file pins, and its source', async () => {
    const lock = await readFile('engine/requirements/runtime.lock', 'utf8');
    const [, pinned = ''] = /^imageio-ffmpeg==(\S+)/m.exec(lock) ?? [];
    const notice = await readFile('NOTICE', 'utf8');
    expect(notice).toContain(`imageio-ffmpeg ${pinned}`);
    expect(notice).toContain('https://github.com/FFmpeg/FFmpeg/tree/');
  });
});
