import type { JSX } from 'preact';
import type { Player } from '../audio/player.js';
import { AS_THE_SONG, type SpeedAndPitchValues } from '../audio/speed-and-pitch.js';
import { messages } from '../i18n/i18n.js';
import { Slider, type SliderProps } from '../ui/slider.js';
import { MAX_CENTS, MAX_SEMITONES, MAX_SPEED, MIN_SPEED } from './speed.js';

export function SpeedAndPitchControls({ player }: { readonly player: Player }): JSX.Element {
  const { mixer, percent } = messages.value;
  const { speed, semitones, cents } = player.speedAndPitch.values.value;
  const points = Math.round(speed * 100);
  const set = (values: Partial<SpeedAndPitchValues>): void => {
    player.speedAndPitch.set(values);
  };
  return (
    <>
      <Control
        label={mixer.speed}
        range={{ min: MIN_SPEED, max: MAX_SPEED, step: 5, from: 100 }}
        value={points}
        text={percent(points)}
        resetLabel={mixer.normalSpeed}
        onValue={(value) => {
          set({ speed: value / 100 });
        }}
        onReset={() => {
          set({ speed: AS_THE_SONG.speed });
        }}
      />
      <Control
        label={mixer.transpose}
        range={{ min: -MAX_SEMITONES, max: MAX_SEMITONES, step: 1, from: 0 }}
        value={semitones}
        text={mixer.semitones(semitones)}
        resetLabel={mixer.normalPitch}
        onValue={(value) => {
          set({ semitones: value });
        }}
        onReset={() => {
          set({ semitones: AS_THE_SONG.semitones });
        }}
      />
      <Control
        label={mixer.fineTuning}
        range={{ min: -MAX_CENTS, max: MAX_CENTS, step: 1, from: 0 }}
        value={cents}
        text={mixer.cents(cents)}
        resetLabel={mixer.normalTuning}
        onValue={(value) => {
          set({ cents: value });
        }}
        onReset={() => {
          set({ cents: AS_THE_SONG.cents });
        }}
      />
    </>
  );
}

interface ControlProps {
  readonly label: string;
  readonly range: Pick<SliderProps, 'min' | 'max' | 'step' | 'from'>;
  readonly value: number;
  /** the value with its unit */
  readonly text: string;
  readonly resetLabel: string;
  readonly onValue: (value: number) => void;
  readonly onReset: () => void;
}

/** A slider, and a button with its value that resets it. */
function Control({ label, range, value, text, resetLabel, onValue, onReset }: ControlProps): JSX.Element {
  return (
    <div class="speed">
      <label>
        {label}
        <Slider {...range} value={value} valueText={text} onValue={onValue} />
      </label>
      <button
        type="button"
        class="quiet speed-now"
        title={resetLabel}
        aria-label={`${text}. ${resetLabel}`}
        onClick={onReset}
      >
        {text}
      </button>
    </div>
  );
}
