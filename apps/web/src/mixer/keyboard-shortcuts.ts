import type { Signal } from '@preact/signals';
import { MAX_VOLUME } from '../audio/levels.js';
import type { Player } from '../audio/player.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { messages, stemName } from '../i18n/i18n.js';
import { announce } from '../ui/live-region.js';
import { hasPointerFocus } from '../ui/pointer-focus.js';
import { areLettersOn, areShortcutsOpen } from './shortcuts-dialog.js';
import type { OpenMixer } from './open-mixer.js';
import { changeSpeed } from './speed.js';
import { moveLoopEnd, moveLoopStart, toggleLoop } from './timeline/loop.js';
import type { TimelineView } from './timeline/timeline-view.js';
import { zoomAtHead } from './timeline/zoom-buttons.js';
import { ZOOM_STEP } from './timeline/zoom.js';

const SKIP = 5 * SAMPLE_RATE;
const VOLUME_STEP = 0.05;
const SPEED_STEP = 5;

/** What each key does. */
export type Shortcuts = Readonly<Record<string, () => void>>;

/**
 * Shortcuts that work anywhere on the page while a mixer is open.
 * @param others those that are not about the player
 * @returns a function that stops them
 */
export function listenToShortcuts(
  { player, stems, view }: OpenMixer,
  selected: Signal<number>,
  others: Shortcuts,
): () => void {
  const actions = { ...actionsOf(player, selected), ...zoomsOf(player, view), ...others };
  const onKey = (event: KeyboardEvent): void => {
    if (isForBrowser(event) || areShortcutsOpen.value) return;
    if (event.key.length === 1 && event.key !== ' ' && !areLettersOn.value) return;
    // after a click on a button, the space bar plays instead of pressing the button again
    if (isHandledByTarget(event) && !(event.key === ' ' && hasPointerFocus(event.target))) return;
    const key = nameOf(event);
    const number = Number(key);
    if (key !== ' ' && number >= 1 && number <= stems.length) {
      selected.value = number - 1;
      announce(messages.value.announcements.lane(stemName(stems[number - 1] ?? '')));
    } else if (actions[key] === undefined) return;
    else actions[key]();
    event.preventDefault();
    // some browsers press a focused button on keyup of the space bar
    if (key === ' ' && event.target instanceof HTMLElement) event.target.blur();
  };
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
  };
}

function actionsOf(player: Player, selected: Signal<number>): Shortcuts {
  const lane = (): (typeof player.lanes.value)[number] | undefined => player.lanes.value[selected.value];
  const skip = (samples: number) => (): void => {
    player.seek(player.position.value + samples);
  };
  const turn = (by: number) => (): void => {
    const volume = Math.min(MAX_VOLUME, Math.max(0, (lane()?.volume ?? 1) + by));
    player.setLane(selected.value, { volume: Math.round(volume * 100) / 100 });
  };
  const speed = (points: number) => (): void => {
    changeSpeed(player, points);
  };
  return {
    ' ': () => {
      player.toggle();
    },
    ArrowLeft: skip(-SKIP),
    ArrowRight: skip(SKIP),
    'Shift ArrowUp': turn(VOLUME_STEP),
    'Shift ArrowDown': turn(-VOLUME_STEP),
    Home: () => {
      player.seek(0);
    },
    m: () => {
      player.setLane(selected.value, { muted: lane()?.muted !== true });
    },
    s: () => {
      player.setLane(selected.value, { soloed: lane()?.soloed !== true });
    },
    o: () => {
      player.setPlaysOriginal(!player.playsOriginal.value);
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
    '-': speed(-SPEED_STEP),
    '+': speed(SPEED_STEP),
    '?': () => {
      areShortcutsOpen.value = true;
    },
  };
}

function zoomsOf(player: Player, view: TimelineView): Shortcuts {
  const zoom = (factor: number) => (): void => {
    zoomAtHead(view, player, factor);
  };
  return {
    t: zoom(1 / ZOOM_STEP),
    r: zoom(ZOOM_STEP),
    '0': () => {
      view.showAll();
    },
  };
}

/** Whether the key is a command of the browser. Many layouts type brackets with AltGr, which is Ctrl and Alt on Windows. */
function isForBrowser({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const typesBracket = altKey && (key === '[' || key === ']');
  return metaKey || ((ctrlKey || altKey) && !typesBracket);
}

/** Arrows up and down scroll the page: they need Shift to do something else. */
function nameOf({ key, shiftKey }: KeyboardEvent): string {
  if (key.length === 1) return key.toLowerCase();
  return shiftKey && (key === 'ArrowUp' || key === 'ArrowDown') ? `Shift ${key}` : key;
}

/** Whether the focused control handles the key itself: a slider the arrows, a button the space bar, a field all keys. */
function isHandledByTarget({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog') !== null) return true;
  const movesSlider = key.startsWith('Arrow') || key === 'Home';
  if (target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    if (target.type === 'range') return movesSlider;
    return target.type === 'checkbox' ? key === ' ' : true;
  }
  if (target.getAttribute('role') === 'slider') return movesSlider;
  return key === ' ' && target.closest('button, summary, a') !== null;
}
