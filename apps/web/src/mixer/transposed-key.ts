import type { Analysis } from '../api/contract.js';

export type Key = NonNullable<Analysis['key']>;

/** by semitone */
const TONICS: readonly Key['tonic'][] = ['C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B'];

/** The key so many semitones higher. */
export function transposedKey(key: Key, semitones: number): Key {
  const octave = TONICS.length;
  const at = (TONICS.indexOf(key.tonic) + semitones + octave) % octave;
  return { ...key, tonic: TONICS[at] ?? key.tonic };
}
