import type { JSX } from 'preact';
import type { LightChoice } from '../audio/light/light-choice.js';
import { known, SOUND_QUALITIES, soundQuality } from '../audio/light/sound-quality.js';
import { messages } from '../i18n/i18n.js';

/** Lets the listener choose between the masters and the light format. */
export function SoundControl(): JSX.Element {
  const { label, hint, names } = messages.value.mixer.sound;
  return (
    <label class="sound" title={hint}>
      {label}
      <select
        value={soundQuality.value}
        onChange={({ currentTarget }) => {
          soundQuality.value = known(currentTarget.value);
        }}
      >
        {SOUND_QUALITIES.map((one) => (
          <option key={one} value={one}>
            {names[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Tells that the light format plays. */
export function LightHint({ choice }: { readonly choice: LightChoice }): JSX.Element {
  const { plays, playsHint } = messages.value.mixer.sound;
  return (
    <span class="light-hint" role="status" title={playsHint}>
      {choice.isLight.value ? plays : ''}
    </span>
  );
}
