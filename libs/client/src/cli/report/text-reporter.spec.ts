import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { JsonReporter } from './json-reporter.js';
import type { Reporter } from './song-event.js';
import { TextReporter } from './text-reporter.js';

const HOSTILE = 'a\u001b]0;title\u0007\u009b2J\u202egnp.\r\nok\u{e0041}';
const UNSEEN = /[\p{Cc}\p{Cf}]/u;

describe(TextReporter.name, () => {
  let printed: string;
  const isTTY = { err: process.stderr.isTTY, out: process.stdout.isTTY };

  beforeEach(() => {
    printed = '';
    for (const stream of [process.stderr, process.stdout]) {
      jest.spyOn(stream, 'write').mockImplementation((text) => ((printed += String(text)), true));
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
    process.stderr.isTTY = isTTY.err;
    process.stdout.isTTY = isTTY.out;
  });

  function tellAll(reporter: Reporter): void {
    const song = HOSTILE;
    reporter.report({ event: 'queued', song, id: HOSTILE, position: null, etaSeconds: null });
    reporter.report({ event: 'processing', song, id: HOSTILE, stage: HOSTILE, percent: 1, etaSeconds: 2 });
    reporter.report({ event: 'away', song, message: HOSTILE });
    reporter.report({ event: 'failed', song, code: HOSTILE, message: HOSTILE });
    reporter.report({ event: 'skipped', song, reason: HOSTILE });
    reporter.report({ event: 'written', song, id: HOSTILE, model: '', folder: HOSTILE, files: [HOSTILE] });
    reporter.note(HOSTILE);
  }

  it.each([true, false])('shows no control character of others on a terminal (unattended: %s)', (isUnattended) => {
    process.stderr.isTTY = process.stdout.isTTY = true;
    tellAll(new TextReporter({ isSingle: false, isUnattended }));
    const texts = printed.replaceAll('\r\u001b[K', '').split('\n').join('');
    expect(texts).toContain('ok\uFFFD');
    expect(texts).not.toMatch(UNSEEN);
  });

  it('tells paths to programs as they are', () => {
    process.stdout.isTTY = false;
    const reporter = new TextReporter({ isSingle: true, isUnattended: false });
    reporter.report({ event: 'written', song: 'a', id: 'a', model: '', folder: 'a', files: [HOSTILE] });
    expect(printed).toBe(`a/${HOSTILE}\n`);
  });

  it('escapes them in JSON, which means the same', () => {
    tellAll(new JsonReporter());
    const lines = printed.split('\n').slice(0, -1);
    expect(lines.join('')).not.toMatch(UNSEEN);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ event: 'note', message: HOSTILE });
  });
});
