import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import type { Player } from '../audio/player.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { Icon } from '../ui/icons.js';
import { clock } from '../i18n/units.js';
import { words } from '../i18n/i18n.js';
import { toggleLoop } from './timeline/loop.js';
import { FASTEST, SLOWEST } from './speed.js';

export function TransportBar({ player }: { readonly player: Player }): JSX.Element {
  const { play, pause, loading, loop, loopHint, original, originalHint, reset } = words.value.mixer;
  const isPlaying = player.isPlaying.value;
  return (
    <div class="transport">
      <button
        type="button"
        class="play"
        aria-label={isPlaying ? pause : play}
        aria-busy={player.isWaiting.value}
        onClick={() => {
          player.toggle();
        }}
      >
        <Icon name={isPlaying ? 'pause' : 'play'} />
      </button>
      <Time player={player} />
      <span class="loading" role="status">
        {player.isWaiting.value && isPlaying ? loading : ''}
      </span>
      <div class="transport-tools">
        <Toggle
          label={original}
          title={originalHint}
          isOn={player.hearsOriginal.value}
          onToggle={() => {
            player.setHearsOriginal(!player.hearsOriginal.value);
          }}
        />
        <Toggle
          label={loop}
          title={loopHint}
          isOn={player.loop.value !== undefined}
          onToggle={() => {
            toggleLoop(player);
          }}
        />
        <Speed player={player} />
        <button
          type="button"
          class="quiet"
          onClick={() => {
            player.resetLanes();
          }}
        >
          {reset}
        </button>
      </div>
    </div>
  );
}

function Time({ player }: { readonly player: Player }): JSX.Element {
  // made anew once a second, not with each picture
  const second = useComputed(() => Math.floor(player.position.value / SAMPLE_RATE));
  const whole = clock(player.seconds);
  return (
    <p class="time">
      <span class="time-now" style={{ minWidth: `${whole.length}ch` }}>
        {clock(second.value)}
      </span>{' '}
      / {whole}
    </p>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly title: string;
  readonly isOn: boolean;
  readonly onToggle: () => void;
}

function Toggle({ label, title, isOn, onToggle }: ToggleProps): JSX.Element {
  return (
    <button type="button" class="toggle" title={title} aria-pressed={isOn} onClick={onToggle}>
      {label}
    </button>
  );
}

function Speed({ player }: { readonly player: Player }): JSX.Element {
  const { speed, normalSpeed } = words.value.mixer;
  const percent = Math.round(player.speed.value * 100);
  return (
    <div class="speed">
      <label>
        {speed}
        <input
          type="range"
          min={SLOWEST}
          max={FASTEST}
          step={5}
          value={percent}
          aria-valuetext={`${percent} %`}
          onInput={({ currentTarget }) => {
            player.setSpeed(Number(currentTarget.value) / 100);
          }}
        />
      </label>
      <button
        type="button"
        class="quiet speed-now"
        title={normalSpeed}
        aria-label={`${percent} %. ${normalSpeed}`}
        onClick={() => {
          player.setSpeed(1);
        }}
      >
        {percent} %
      </button>
    </div>
  );
}
