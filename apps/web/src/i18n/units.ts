import { messages } from './i18n.js';

const MIB = 1024 * 1024;

/** `3:07`, `1:02:07` */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `40 s`, `3 min` */
export function formatDuration(seconds: number): string {
  const { number } = messages.value;
  if (seconds < 90) return `${number(seconds, seconds < 10 && seconds % 1 !== 0 ? 1 : 0)} s`;
  return `${number(seconds / 60)} min`;
}

/** `850 kB`, `4.5 MB` */
export function formatBytes(count: number): string {
  const { number } = messages.value;
  return count < MIB
    ? `${number(Math.ceil(count / 1024))} kB`
    : `${number(count / MIB, count < 10 * MIB && count % MIB !== 0 ? 1 : 0)} MB`;
}
