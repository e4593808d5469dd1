import type { JSX } from 'preact';
import type { Player } from '../../audio/player.js';
import { SAMPLE_RATE } from '../../audio/sources/stem-source.js';
import { messages } from '../../i18n/i18n.js';
import { formatTime } from '../../i18n/units.js';
import { BeatGrid } from './beat-grid.js';
import { pointerFraction, useDrag } from './drag.js';
import { moveLoopEnd, moveLoopStart, rememberLoop, rememberPlace, setLoop, snapped } from './loop.js';
import type { TimelineView } from './timeline-view.js';

/** seconds between two marks: the first step that gives few enough */
const STEPS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const MAX_STEP = 1200;
const MAX_MARKS = 9;
/** width of a mark's label, as a fraction of the narrowest ruler: a mark that close to the end of the song is left out */
const LABEL = 0.1;

/** around a beat, as a fraction of the ruler: what is dragged there goes to the beat */
const SNAP = 0.012;

/** pixels: a shorter drag is a click */
const MIN_DRAG = 6;

interface RulerProps {
  readonly player: Player;
  readonly view: TimelineView;
}

/** The timeline above the lanes: a click seeks, a drag sets a loop. */
export function Ruler({ player, view }: RulerProps): JSX.Element {
  const drag = useDrag(
    (event, start) => {
      const to = view.sampleAt(pointerFraction(event));
      const edge = (sample: number): number =>
        event.altKey ? sample : snapped(player, sample, SNAP * view.length.value);
      if (Math.abs(event.clientX - start.clientX) < MIN_DRAG) player.seek(to);
      else setLoop(player, edge(view.sampleAt(pointerFraction(start))), edge(to));
    },
    () => rememberPlace(player),
  );
  return (
    <div class="ruler">
      <div class="ruler-area" {...drag}>
        <BeatGrid player={player} from={view.from.value} length={view.length.value} />
        {marks(view, player.seconds).map(([second, label]) => (
          <span key={label} class="mark" style={{ left: `${100 * view.placeOf(second * SAMPLE_RATE)}%` }}>
            {label}
          </span>
        ))}
      </div>
      <LoopRegion player={player} view={view} />
      <div class="playhead" aria-hidden="true" />
    </div>
  );
}

function LoopRegion({ player, view }: RulerProps): JSX.Element | null {
  const loop = player.loop.value;
  if (loop === undefined) return null;
  const { loopStart, loopEnd } = messages.value.mixer;
  const left = 100 * view.placeOf(loop.start);
  const width = 100 * view.placeOf(loop.end) - left;
  return (
    <div class="loop" style={{ left: `${left}%`, width: `${width}%` }}>
      <LoopHandle label={loopStart} player={player} view={view} sample={loop.start} onMove={moveLoopStart} />
      <LoopHandle label={loopEnd} player={player} view={view} sample={loop.end} onMove={moveLoopEnd} />
    </div>
  );
}

interface LoopHandleProps extends RulerProps {
  readonly label: string;
  readonly sample: number;
  readonly onMove: (player: Player, sample: number) => void;
}

function LoopHandle({ label, player, view, sample, onMove }: LoopHandleProps): JSX.Element {
  const drag = useDrag(
    (event) => {
      const to = view.sampleAt(pointerFraction(event, '.ruler'));
      onMove(player, event.altKey ? to : snapped(player, to, SNAP * view.length.value));
    },
    () => rememberLoop(player),
  );
  const seconds = sample / SAMPLE_RATE;
  return (
    <div
      class="loop-handle"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.floor(player.seconds)}
      aria-valuenow={Math.round(seconds * 10) / 10}
      aria-valuetext={formatTime(seconds)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        onMove(player, sample + step * SAMPLE_RATE * (event.shiftKey ? 0.1 : 1));
      }}
      {...drag}
    />
  );
}

/** The seconds in view at which the ruler has marks, and their labels. */
function marks(view: TimelineView, seconds: number): (readonly [second: number, label: string])[] {
  const length = view.length.value / SAMPLE_RATE;
  const from = view.from.value / SAMPLE_RATE;
  const step = STEPS.find((candidate) => length / candidate <= MAX_MARKS) ?? MAX_STEP;
  // the label of a mark that has left may still be in view
  const first = Math.max(0, Math.floor(from / step) - 1);
  const last = Math.floor(Math.min(from + length, seconds - LABEL * length) / step);
  const decimals = Math.max(0, Math.ceil(-Math.log10(step)));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const second = (first + index) * step;
    return [second, preciseTime(second, decimals)];
  });
}

/** `3:07`, or `3:07.25` */
function preciseTime(second: number, decimals: number): string {
  // rounded first: a step like 0.1 is not exact
  const rounded = Number(second.toFixed(decimals));
  const fraction = decimals === 0 ? '' : (rounded % 1).toFixed(decimals).slice(1);
  return `${formatTime(rounded)}${fraction}`;
}
