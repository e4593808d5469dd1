import type { Analysis, Own, ShownAnalysis } from '@app/separations';
import { beatsAt } from './beats-at.js';

/** The analysis as its owner sees it: the own tempo and key win, and what was measured stays readable beside them. */
export function shownAnalysis(analysis: Analysis, own: Own | undefined, durationSeconds: number): ShownAnalysis {
  const { tempo, key } = analysis;
  const { tempo: bpm, key: ownKey } = own ?? {};
  const ownTempo = bpm === undefined ? undefined : { bpm, confidence: 1, beats: beatsAt(bpm, tempo, durationSeconds) };
  return {
    ...analysis,
    tempo: shown(tempo, ownTempo),
    key: shown(key, ownKey && { ...ownKey, confidence: 1 }),
    ...((ownTempo ?? ownKey) && { measured: { tempo, key } }),
  };
}

function shown<T extends object>(measured: T | null, own: T | undefined): (T & { readonly own: boolean }) | null {
  if (own !== undefined) return { ...own, own: true };
  return measured === null ? null : { ...measured, own: false };
}
