/** `low` is for work that nobody waits for, such as a folder of songs. */
export const PRIORITIES = ['normal', 'low'] as const;

export type Priority = (typeof PRIORITIES)[number];

export function isPriority(value: string): value is Priority {
  return (PRIORITIES as readonly string[]).includes(value);
}
