import type { SeekableSource } from '../sources/seekable-source.js';
import { spliceSource, type Piece } from '../sources/spliced-source.js';
import { silentMp3Frame } from './mp3-frame.js';
import type { Loss } from './loss.js';
import { scanMp3, type Mp3Run, type Mp3Scan } from './mp3-scan.js';

/** An MP3 with silent frames where its own are lost. */
interface RepairedMp3 {
  readonly source: SeekableSource;
  readonly losses: readonly Loss[];
}

/**
 * Takes the frames out of an MP3: without the tags and the junk that hide the length of its padding from ffmpeg, and
 * with silence in place of frames that something overwrote. Undefined if the file is something else.
 */
export async function planMp3(source: SeekableSource): Promise<RepairedMp3 | undefined> {
  const scan = await scanMp3(source);
  if (scan === undefined) return undefined;
  const lost = lostFrames(scan);
  const pieces: Piece[] = [];
  const losses: Loss[] = [];
  let seconds = 0;
  for (const [at, run] of scan.runs.entries()) {
    const frames = lost[at] ?? 0;
    const before = scan.runs[at - 1];
    const silence = before && silentMp3Frame(before.header);
    if (frames > 0 && before !== undefined && silence !== undefined) {
      const lostSeconds = frames * secondsOfFrame(before);
      pieces.push({ bytes: silence, times: frames });
      losses.push({ atSeconds: seconds, seconds: lostSeconds });
      seconds += lostSeconds;
    }
    pieces.push(run);
    seconds += run.frames * secondsOfFrame(run);
  }
  return { source: spliceSource(source, pieces), losses };
}

/** How many frames are lost in front of each run. */
function lostFrames({ runs, index }: Mp3Scan): number[] {
  const estimates = runs.map((run, at) => estimate(run, runs[at - 1]));
  const total = estimates.reduce((sum, frames) => sum + frames, 0);
  if (index?.frames === undefined || total === 0) return estimates.map(Math.round);
  const found = runs.reduce((sum, run) => sum + run.frames, 0) - 1;
  const missing = Math.max(index.frames - found, 0);
  const [first, last] = [runs[0], runs.at(-1)];
  // junk that was put between frames took none away; a file that breaks off misses frames at its end too
  const isWhole = first && last && index.bytes !== undefined && last.end - first.start >= index.bytes;
  const share = (isWhole === true ? missing : Math.min(missing, total)) / total;
  return estimates.map((frames) => Math.round(frames * share));
}

/** by the bytes in the gap: exact where every frame has the same length */
function estimate(run: Mp3Run, before: Mp3Run | undefined): number {
  if (before === undefined || run.followsTags) return 0;
  return ((run.start - before.end) * before.frames) / (before.end - before.start);
}

function secondsOfFrame({ first }: Mp3Run): number {
  return first.samples / first.sampleRate;
}
