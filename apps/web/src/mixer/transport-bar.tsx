import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Player } from '../audio/player.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { messages } from '../i18n/i18n.js';
import { formatTime } from '../i18n/units.js';
import { Icon } from '../ui/icons.js';
import { Slider } from '../ui/slider.js';
import type { LightChoice } from '../audio/light/light-choice.js';
import { LightHint, SoundControl } from './sound-control.js';
import { SpeedAndPitchControls } from './speed-and-pitch-controls.js';
import { toggleLoop } from './timeline/loop.js';

interface PlayerProps {
  readonly player: Player;
}

interface TransportBarProps extends PlayerProps {
  readonly choice: LightChoice;
  /** playing has caught up with a running separation */
  readonly isAtEdge: ReadonlySignal<boolean>;
}

export function TransportBar({ player, choice, isAtEdge }: TransportBarProps): JSX.Element {
  const { play, pause, loading, waiting, loop, loopHint, original, originalHint, tools, reset } = messages.value.mixer;
  const areToolsOpen = useSignal(false);
  const isPlaying = player.isPlaying.value;
  const isIncomplete = isPlaying && (player.isWaiting.value || player.isJoining.value);
  const isLoading = player.speedAndPitch.isLoading.value || isIncomplete;
  return (
    <div class="transport">
      <Seek player={player} />
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
        {player.isWaiting.value && isPlaying && isAtEdge.value ? waiting : isLoading ? loading : ''}
      </span>
      <LightHint choice={choice} />
      <div class="transport-tools" data-open={areToolsOpen.value}>
        <Toggle
          label={original}
          title={originalHint}
          isOn={player.playsOriginal.value}
          onToggle={() => {
            player.setPlaysOriginal(!player.playsOriginal.value);
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
        <button
          type="button"
          class="quiet round more-tools"
          aria-label={tools}
          aria-expanded={areToolsOpen.value}
          onClick={() => {
            areToolsOpen.value = !areToolsOpen.value;
          }}
        >
          <Icon name="tools" />
        </button>
        <SpeedAndPitchControls player={player} />
        <BeatTools player={player} />
        <SoundControl />
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

/** What follows the beats of the song, where it has a tempo. */
function BeatTools({ player }: PlayerProps): JSX.Element | null {
  const { metronome } = player;
  const { click, clickHint, countIn, countInHint, snap, snapHint } = messages.value.mixer;
  if (metronome.beats.value.length === 0) return null;
  return (
    <div class="beat-tools">
      <Toggle
        label={click}
        title={clickHint}
        isOn={metronome.clicks.value}
        onToggle={() => {
          metronome.setClicks(!metronome.clicks.value);
        }}
      />
      <Toggle
        label={countIn}
        title={countInHint}
        isOn={metronome.countsIn.value}
        onToggle={() => {
          metronome.countsIn.value = !metronome.countsIn.value;
        }}
      />
      <Toggle
        label={snap}
        title={snapHint}
        isOn={metronome.snaps.value}
        onToggle={() => {
          metronome.snaps.value = !metronome.snaps.value;
        }}
      />
    </div>
  );
}

/** The position in the whole song, for keys and thumbs. */
function Seek({ player }: PlayerProps): JSX.Element {
  const { seek, position } = messages.value.mixer;
  const second = useComputed(() => Math.floor(player.position.value / SAMPLE_RATE));
  return (
    <Slider
      class="seek"
      min={0}
      max={Math.floor(player.seconds)}
      value={second.value}
      label={seek}
      valueText={position(formatTime(second.value), formatTime(player.seconds))}
      onValue={(value) => {
        player.seek(value * SAMPLE_RATE);
      }}
    />
  );
}

function Time({ player }: PlayerProps): JSX.Element {
  // renders once a second, not with every frame
  const second = useComputed(() => Math.floor(player.position.value / SAMPLE_RATE));
  const total = formatTime(player.seconds);
  return (
    <p class="time">
      <span class="time-now" style={{ minWidth: `${total.length}ch` }}>
        {formatTime(second.value)}
      </span>{' '}
      / {total}
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
