import { effect } from '@preact/signals';
import type { LaneSettings } from '../audio/levels.js';
import type { Region } from '../audio/mixing/loop-path.js';
import type { Player } from '../audio/player.js';
import type { SpeedAndPitchValues } from '../audio/speed-and-pitch.js';

const STORAGE_KEY = 'mixes';

/** the songs that were mixed last */
const MAX_MIXES = 50;

/** a slider that moves writes nothing yet */
const CALM_MS = 300;

/** What the listener has set in the mixer of a song. */
interface Mix {
  readonly lanes: Readonly<Record<string, LaneSettings>>;
  readonly loop: Region | undefined;
  readonly change: SpeedAndPitchValues;
}

/** Sets a mixer as it was left, and remembers what changes. @returns a function that stops it */
export function rememberMix(id: string, stems: readonly string[], player: Player): () => void {
  const untouched = JSON.stringify(mixOf(stems, player));
  restore(storedMixes().get(id), stems, player);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const store = (): void => {
    const mix = mixOf(stems, player);
    keep(id, JSON.stringify(mix) === untouched ? undefined : mix);
  };
  let isFirst = true;
  const stop = effect(() => {
    mixOf(stems, player);
    clearTimeout(timer);
    if (!isFirst) timer = setTimeout(store, CALM_MS);
    isFirst = false;
  });
  return () => {
    stop();
    if (timer === undefined) return;
    clearTimeout(timer);
    store();
  };
}

function mixOf(stems: readonly string[], player: Player): Mix {
  const lanes = player.lanes.value.map((lane, index) => [stems[index] ?? '', lane] as const);
  return { lanes: Object.fromEntries(lanes), loop: player.loop.value, change: player.speedAndPitch.values.value };
}

function restore(mix: Mix | undefined, stems: readonly string[], player: Player): void {
  if (mix === undefined) return;
  stems.forEach((stem, index) => {
    const lane = mix.lanes[stem];
    if (lane !== undefined) player.setLane(index, lane);
  });
  if (mix.loop !== undefined && mix.loop.end <= player.samples) player.setLoop(mix.loop);
  player.speedAndPitch.set(mix.change);
}

/** The mixes by song, the oldest first. */
function storedMixes(): Map<string, Mix> {
  try {
    return new Map(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]') as [string, Mix][]);
  } catch {
    return new Map();
  }
}

function keep(id: string, mix: Mix | undefined): void {
  const mixes = storedMixes();
  mixes.delete(id);
  if (mix !== undefined) mixes.set(id, mix);
  localStorage.setItem(STORAGE_KEY, JSON.stringify([...mixes].slice(-MAX_MIXES)));
}
