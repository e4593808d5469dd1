import type { JSX } from 'preact';
import { MAX_VOLUME } from '../audio/levels.js';
import type { Player } from '../audio/player.js';
import { messages, stemName } from '../i18n/i18n.js';
import { Icon } from '../ui/icons.js';
import { Slider } from '../ui/slider.js';
import { pointerFraction, useDrag } from './timeline/drag.js';
import { rememberPlace } from './timeline/loop.js';
import { Waveform, type Painter } from './waveform/waveform.js';
import type { Shape } from './waveform/waveform-canvas.js';

interface LaneViewProps {
  readonly player: Player;
  readonly index: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  readonly shape: Shape;
  /** absent until the stem is complete */
  readonly onDrag: ((event: DragEvent) => void) | undefined;
  readonly painters: Set<Painter>;
}

/** the balance slider snaps to the center within this */
const SNAP = 0.06;

export function LaneView(props: LaneViewProps): JSX.Element | null {
  const { player, index, isSelected, onSelect, shape, painters, onDrag } = props;
  const lanes = player.lanes.value;
  const settings = lanes[index];
  const seek = useDrag(
    (event) => {
      player.seek(shape.view.sampleAt(pointerFraction(event)));
    },
    () => rememberPlace(player),
  );
  if (settings === undefined) return null;
  const { dragHint, mute, solo, volume, pan, lane } = messages.value.mixer;
  const { muted, soloed } = settings;
  const { stem } = shape.lane;
  const name = stemName(stem);
  const isSilent = muted || (lanes.some((other) => other.soloed) && !soloed);
  const classes = ['lane', isSelected ? 'lane-selected' : '', isSilent ? 'lane-silent' : ''].join(' ').trim();
  const percent = Math.round(settings.volume * 100);
  return (
    <div class={classes} data-stem={stem} role="group" aria-label={name} onFocusCapture={onSelect} onClick={onSelect}>
      <div class="lane-controls">
        <div class="lane-head">
          <p class="lane-name" draggable={onDrag !== undefined} title={onDrag && dragHint(name)} onDragStart={onDrag}>
            <span class="lane-number" aria-hidden="true">
              {index + 1}
            </span>
            <span>{name}</span>
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
        </div>
        <label class="lane-slider" title={volume}>
          <Icon name="volume" />
          <Slider
            min={0}
            max={MAX_VOLUME * 100}
            step={1}
            value={percent}
            label={lane(volume, name)}
            valueText={messages.value.percent(percent)}
            onValue={(value) => {
              player.setLane(index, { volume: value / 100 });
            }}
            onReset={() => {
              player.setLane(index, { volume: 1 });
            }}
          />
        </label>
        <label class="lane-slider" title={pan}>
          <Icon name="balance" />
          <Slider
            min={-1}
            max={1}
            step={0.02}
            from={0}
            value={settings.pan}
            label={lane(pan, name)}
            valueText={panText(settings.pan)}
            onValue={(value) => {
              player.setLane(index, { pan: Math.abs(value) < SNAP ? 0 : value });
            }}
            onReset={() => {
              player.setLane(index, { pan: 0 });
            }}
          />
        </label>
        <div class="meter" aria-hidden="true">
          <div class="meter-fill" />
        </div>
      </div>
      <div class="lane-timeline" {...seek}>
        <Waveform shape={shape} painters={painters} />
        <div class="playhead" aria-hidden="true" />
      </div>
    </div>
  );
}

function panText(pan: number): string {
  const { percent, mixer } = messages.value;
  if (pan === 0) return mixer.panCenter;
  const amount = percent(Math.abs(Math.round(pan * 100)));
  return pan < 0 ? mixer.panLeft(amount) : mixer.panRight(amount);
}
