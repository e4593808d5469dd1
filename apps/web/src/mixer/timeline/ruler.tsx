import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import type { Player } from '../../audio/player.js';
import { SAMPLE_RATE } from '../../audio/sources/stem-source.js';
import { clock } from '../../i18n/units.js';
import { words } from '../../i18n/i18n.js';
import { moveLoopEnd, moveLoopStart, setLoop } from './loop.js';
import { placeOf, useDrag } from './drag.js';

/** seconds between two marks, the first that gives few enough */
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600];
const MOST_MARKS = 9;
/** share of the narrowest ruler that the text of a mark takes: none is cut off at its end */
const LABEL = 0.1;

/** pixels: less is a click */
const DRAG_FROM = 6;

/** The time line above the lanes: a click goes there, a drag makes a loop. */
export function Ruler({ player }: { readonly player: Player }): JSX.Element {
  const { seek, position } = words.value.mixer;
  const second = useComputed(() => Math.floor(player.position.value / SAMPLE_RATE));
  const drag = useDrag((event, start) => {
    const [from, to] = [placeOf(start), placeOf(event)].map((share) => share * player.samples);
    if (from === undefined || to === undefined) return;
    if (Math.abs(event.clientX - start.clientX) < DRAG_FROM) player.seek(to);
    else setLoop(player, from, to);
  });
  return (
    <div class="ruler-row">
      <input
        class="seek"
        type="range"
        min={0}
        max={Math.floor(player.seconds)}
        value={second.value}
        aria-label={seek}
        aria-valuetext={position(clock(second.value), clock(player.seconds))}
        onInput={({ currentTarget }) => {
          player.seek(Number(currentTarget.value) * SAMPLE_RATE);
        }}
      />
      <div class="ruler">
        <div class="ruler-area" {...drag}>
          {marks(player.seconds).map((mark) => (
            <span key={mark} class="mark" style={{ left: `${(100 * mark) / player.seconds}%` }}>
              {clock(mark)}
            </span>
          ))}
        </div>
        <LoopRegion player={player} />
        <div class="playhead" aria-hidden="true" />
      </div>
    </div>
  );
}

function LoopRegion({ player }: { readonly player: Player }): JSX.Element | null {
  const loop = player.loop.value;
  if (loop === undefined) return null;
  const { loopFrom, loopTo } = words.value.mixer;
  const share = (sample: number): number => (100 * sample) / player.samples;
  return (
    <div class="loop" style={{ left: `${share(loop.start)}%`, width: `${share(loop.end - loop.start)}%` }}>
      <LoopEdge
        label={loopFrom}
        player={player}
        sample={loop.start}
        onMove={(to) => {
          moveLoopStart(player, to);
        }}
      />
      <LoopEdge
        label={loopTo}
        player={player}
        sample={loop.end}
        onMove={(to) => {
          moveLoopEnd(player, to);
        }}
      />
    </div>
  );
}

interface LoopEdgeProps {
  readonly label: string;
  readonly player: Player;
  readonly sample: number;
  readonly onMove: (sample: number) => void;
}

function LoopEdge({ label, player, sample, onMove }: LoopEdgeProps): JSX.Element {
  const drag = useDrag((event) => {
    onMove(placeOf(event, '.ruler') * player.samples);
  });
  const seconds = sample / SAMPLE_RATE;
  return (
    <div
      class="loop-edge"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.floor(player.seconds)}
      aria-valuenow={Math.round(seconds * 10) / 10}
      aria-valuetext={clock(seconds)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        onMove(sample + step * SAMPLE_RATE * (event.shiftKey ? 0.1 : 1));
      }}
      {...drag}
    />
  );
}

function marks(seconds: number): number[] {
  const step = STEPS.find((candidate) => seconds / candidate <= MOST_MARKS) ?? 1200;
  return Array.from({ length: Math.floor(((1 - LABEL) * seconds) / step) + 1 }, (_, index) => index * step);
}
