import { effect } from '@preact/signals';
import type { OpenMixer } from './open-mixer.js';

/** share of its level that a meter keeps with each frame */
const METER_DECAY = 0.9;

/** Moves playheads, meters and waveforms with each frame, without rendering components. @returns a function that stops it */
export function animate({ player, view, painters }: OpenMixer, root: HTMLElement): () => void {
  let request = 0;
  const playheads = Array.from(root.querySelectorAll<HTMLElement>('.playhead'));
  const meters = Array.from(root.querySelectorAll<HTMLElement>('.meter-fill'));
  const levels = meters.map(() => 0);
  const draw = (): void => {
    player.tick();
    const position = player.position.peek();
    if (player.isPlaying.peek()) view.follow(position);
    // not set on the mixer: every element in it would inherit it, and get new styles with each frame
    for (const playhead of playheads) playhead.style.setProperty('--at', String(view.placeOf(position)));
    meters.forEach((meter, index) => {
      const peak = player.isPlaying.value ? (player.peaks[index] ?? 0) : 0;
      const level = Math.max(Math.min(1, peak), (levels[index] ?? 0) * METER_DECAY);
      levels[index] = level < 0.001 ? 0 : level;
      meter.style.transform = `scaleY(${Math.sqrt(levels[index] ?? 0)})`;
    });
    for (const paint of painters) paint();
    request = requestAnimationFrame(draw);
  };
  draw();
  const stopReveal = effect(() => {
    if (player.seeks.value > 0) view.reveal(player.position.peek());
  });
  return () => {
    stopReveal();
    cancelAnimationFrame(request);
  };
}
