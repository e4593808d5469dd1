import type { JSX } from 'preact';
import type { Player } from '../../audio/player.js';
import { SAMPLE_RATE } from '../../audio/sources/stem-source.js';
import { messages } from '../../i18n/i18n.js';
import { formatTime } from '../../i18n/units.js';
import { BeatGrid } from './beat-grid.js';
import { pointerFraction, useDrag } from './drag.js';
import { moveLoopEnd, moveLoopStart, rememberLoop, rememberPlace, setLoop, snapped } from './loop.js';

/** seconds between two marks: the first step that gives few enough */
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600];
const MAX_STEP = 1200;
const MAX_MARKS = 9;
/** width of a mark's label, as a fraction of the narrowest ruler: a mark that close to the end is left out */
const LABEL = 0.1;

/** around a beat, as a fraction of the ruler: what is dragged there goes to the beat */
const SNAP = 0.012;

/** pixels: a shorter drag is a click */
const MIN_DRAG = 6;

/** The timeline above the lanes: a click seeks, a drag sets a loop. */
export function Ruler({ player }: { readonly player: Player }): JSX.Element {
  const drag = useDrag(
    (event, start) => {
      const to = pointerFraction(event) * player.samples;
      const edge = (sample: number): number => (event.altKey ? sample : snapped(player, sample, SNAP * player.samples));
      if (Math.abs(event.clientX - start.clientX) < MIN_DRAG) player.seek(to);
      else setLoop(player, edge(pointerFraction(start) * player.samples), edge(to));
    },
    () => rememberPlace(player),
  );
  return (
    <div class="ruler">
      <div class="ruler-area" {...drag}>
        <BeatGrid player={player} from={0} length={player.samples} />
        {marks(player.seconds).map((mark) => (
          <span key={mark} class="mark" style={{ left: `${(100 * mark) / player.seconds}%` }}>
            {formatTime(mark)}
          </span>
        ))}
      </div>
      <LoopRegion player={player} />
      <div class="playhead" aria-hidden="true" />
    </div>
  );
}

function LoopRegion({ player }: { readonly player: Player }): JSX.Element | null {
  const loop = player.loop.value;
  if (loop === undefined) return null;
  const { loopStart, loopEnd } = messages.value.mixer;
  const percent = (sample: number): number => (100 * sample) / player.samples;
  return (
    <div class="loop" style={{ left: `${percent(loop.start)}%`, width: `${percent(loop.end - loop.start)}%` }}>
      <LoopHandle label={loopStart} player={player} sample={loop.start} onMove={moveLoopStart} />
      <LoopHandle label={loopEnd} player={player} sample={loop.end} onMove={moveLoopEnd} />
    </div>
  );
}

interface LoopHandleProps {
  readonly label: string;
  readonly player: Player;
  readonly sample: number;
  readonly onMove: (player: Player, sample: number) => void;
}

function LoopHandle({ label, player, sample, onMove }: LoopHandleProps): JSX.Element {
  const drag = useDrag(
    (event) => {
      const to = pointerFraction(event, '.ruler') * player.samples;
      onMove(player, event.altKey ? to : snapped(player, to, SNAP * player.samples));
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

/** seconds at which the ruler has marks */
function marks(seconds: number): number[] {
  const step = STEPS.find((candidate) => seconds / candidate <= MAX_MARKS) ?? MAX_STEP;
  return Array.from({ length: Math.floor(((1 - LABEL) * seconds) / step) + 1 }, (_, index) => index * step);
}
