import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** CSS pixels of a column, and of the gap after it */
const COLUMN = 2;
const GAP = 1;

interface WaveformProps {
  /** undefined while they load */
  readonly peaks: readonly number[] | undefined;
  /** highest peak of all stems, because all share one scale */
  readonly highest: number;
}

/** Draws the peaks of a stem. Redraws when the size or the color scheme changes, but not during playback. */
export function Waveform({ peaks, highest }: WaveformProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null || peaks === undefined) return;
    const redraw = (): void => {
      draw(element, peaks, highest);
    };
    const sizes = new ResizeObserver(redraw);
    sizes.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    return () => {
      sizes.disconnect();
      scheme.removeEventListener('change', redraw);
    };
  }, [peaks, highest]);
  return <canvas ref={canvas} class="waveform" aria-hidden="true" />;
}

function draw(canvas: HTMLCanvasElement, peaks: readonly number[], highest: number): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (context === null || width === 0) return;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  context.scale(devicePixelRatio, devicePixelRatio);
  context.fillStyle = getComputedStyle(canvas).color;
  const columns = Math.floor(width / (COLUMN + GAP));
  for (let column = 0; column < columns; column += 1) {
    const from = Math.floor((column * peaks.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * peaks.length) / columns));
    const top = Math.max(...peaks.slice(from, to)) / highest;
    const length = Math.max(1, top * (height - 2));
    context.fillRect(column * (COLUMN + GAP), (height - length) / 2, COLUMN, length);
  }
}
