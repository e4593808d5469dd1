import type { Signal } from '@preact/signals';
import { LOUDEST } from '../audio/levels.js';
import type { Player } from '../audio/player.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { announce } from '../ui/live-region.js';
import { isClicked } from '../ui/pointer-focus.js';
import { isHelpOpen } from './shortcuts-dialog.js';
import { stemName, words } from '../i18n/i18n.js';
import { moveLoopEnd, moveLoopStart, toggleLoop } from './timeline/loop.js';
import { changeSpeed } from './speed.js';

const SKIP = 5 * SAMPLE_RATE;
const VOLUME_STEP = 0.05;

/** Keys that work anywhere on the page while a mixer is open. @returns what ends it */
export function listenToKeys(player: Player, stems: readonly string[], chosen: Signal<number>): () => void {
  const lane = (): (typeof player.lanes.value)[number] | undefined => player.lanes.value[chosen.value];
  const turn = (by: number): void => {
    const volume = Math.min(LOUDEST, Math.max(0, (lane()?.volume ?? 1) + by));
    player.setLane(chosen.value, { volume: Math.round(volume * 100) / 100 });
  };
  const actions: Readonly<Record<string, () => void>> = {
    ' ': () => {
      player.toggle();
    },
    ArrowLeft: () => {
      player.seek(player.position.value - SKIP);
    },
    ArrowRight: () => {
      player.seek(player.position.value + SKIP);
    },
    ArrowUp: () => {
      turn(VOLUME_STEP);
    },
    ArrowDown: () => {
      turn(-VOLUME_STEP);
    },
    Home: () => {
      player.seek(0);
    },
    m: () => {
      player.setLane(chosen.value, { muted: lane()?.muted !== true });
    },
    s: () => {
      player.setLane(chosen.value, { soloed: lane()?.soloed !== true });
    },
    o: () => {
      player.setHearsOriginal(!player.hearsOriginal.value);
    },
    l: () => {
      toggleLoop(player);
    },
    '[': () => {
      moveLoopStart(player, player.position.value);
    },
    ']': () => {
      moveLoopEnd(player, player.position.value);
    },
    '-': () => {
      changeSpeed(player, -5);
    },
    '+': () => {
      changeSpeed(player, 5);
    },
    '?': () => {
      isHelpOpen.value = true;
    },
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isHelpOpen.value) return;
    // the space bar plays, and does not press a button once more that was clicked
    if (hasOwnUse(event) && !(event.key === ' ' && isClicked(event.target))) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const number = Number(key);
    if (key !== ' ' && number >= 1 && number <= stems.length) {
      chosen.value = number - 1;
      announce(words.value.say.lane(stemName(stems[number - 1] ?? '')));
    } else if (actions[key] === undefined) return;
    else actions[key]();
    event.preventDefault();
    // some browsers press a focused button when the space bar comes up
    if (key === ' ' && event.target instanceof HTMLElement) event.target.blur();
  };
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
  };
}

/** Whether the focused control takes the key itself: a slider the arrows, a button the space bar, a field all. */
function hasOwnUse({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog') !== null) return true;
  const isArrow = key.startsWith('Arrow') || key === 'Home';
  if (target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    if (target.type === 'range') return isArrow;
    return target.type === 'checkbox' ? key === ' ' : true;
  }
  if (target.getAttribute('role') === 'slider') return isArrow;
  return key === ' ' && target.closest('button, summary, a') !== null;
}
