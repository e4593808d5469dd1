/** Tonics of a key, one name for each. */
export const TONICS = ['C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B'] as const;

export const MODES = ['major', 'minor'] as const;
