/** what a worker does, in this order */
export const STAGES = ['fetch', 'decode', 'separate', 'encode', 'store'] as const;

export type Stage = (typeof STAGES)[number];
