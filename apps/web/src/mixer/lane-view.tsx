import type { JSX } from 'preact';
import { LOUDEST } from '../audio/levels.js';
import type { Player } from '../audio/player.js';
import { stemName, words } from '../i18n/i18n.js';
import { placeOf, useDrag } from './timeline/drag.js';
import { WaveformPicture } from './timeline/waveform.js';

interface LaneViewProps {
  readonly player: Player;
  readonly stem: string;
  readonly index: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
  /** 0 to 127; undefined until they are there */
  readonly peaks: readonly number[] | undefined;
  readonly highest: number;
}

/** sliders snap to the middle within this */
const SNAP = 0.06;

export function LaneView({
  player,
  stem,
  index,
  isChosen,
  onChoose,
  peaks,
  highest,
}: LaneViewProps): JSX.Element | null {
  const lanes = player.lanes.value;
  const settings = lanes[index];
  const seek = useDrag((event) => {
    player.seek(placeOf(event) * player.samples);
  });
  if (settings === undefined) return null;
  const { mute, solo, volume, pan, panValue, lane } = words.value.mixer;
  const { muted, soloed } = settings;
  const name = stemName(stem);
  const isSilent = muted || (lanes.some((other) => other.soloed) && !soloed);
  const classes = ['lane', isChosen ? 'lane-chosen' : '', isSilent ? 'lane-silent' : ''].join(' ').trim();
  const percent = Math.round(settings.volume * 100);
  return (
    <div
      class={classes}
      data-stem={stem}
      role="group"
      aria-label={name}
      onFocusCapture={onChoose}
      onPointerDown={onChoose}
    >
      <div class="lane-controls">
        <p class="lane-name">
          <span class="lane-number" aria-hidden="true">
            {index + 1}
          </span>
          {name}
        </p>
        <div class="lane-switches">
          <button
            type="button"
            class="switch"
            aria-pressed={muted}
            aria-label={lane(mute, name)}
            title={`${mute} (M)`}
            onClick={() => {
              player.setLane(index, { muted: !muted });
            }}
          >
            M
          </button>
          <button
            type="button"
            class="switch solo"
            aria-pressed={soloed}
            aria-label={lane(solo, name)}
            title={`${solo} (S)`}
            onClick={() => {
              player.setLane(index, { soloed: !soloed });
            }}
          >
            S
          </button>
        </div>
        <label class="lane-slider">
          <span>{volume}</span>
          <input
            type="range"
            min={0}
            max={LOUDEST * 100}
            step={1}
            value={percent}
            aria-label={lane(volume, name)}
            aria-valuetext={`${percent} %`}
            onInput={({ currentTarget }) => {
              player.setLane(index, { volume: Number(currentTarget.value) / 100 });
            }}
            onDblClick={() => {
              player.setLane(index, { volume: 1 });
            }}
          />
        </label>
        <label class="lane-slider lane-pan">
          <span>{pan}</span>
          <input
            type="range"
            min={-1}
            max={1}
            step={0.02}
            value={settings.pan}
            aria-label={lane(pan, name)}
            aria-valuetext={panValue(settings.pan)}
            onInput={({ currentTarget }) => {
              const value = Number(currentTarget.value);
              player.setLane(index, { pan: Math.abs(value) < SNAP ? 0 : value });
            }}
            onDblClick={() => {
              player.setLane(index, { pan: 0 });
            }}
          />
        </label>
        <div class="meter" aria-hidden="true">
          <div class="meter-fill" />
        </div>
      </div>
      <div class="lane-sound" {...seek}>
        <WaveformPicture peaks={peaks} highest={highest} />
        <div class="playhead" aria-hidden="true" />
      </div>
    </div>
  );
}
