import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { WaveformCanvas, type Shape } from './waveform-canvas.js';

/** Draws the part of a song that is in view; called with each frame. */
export type Painter = () => void;

interface WaveformProps {
  readonly shape: Shape;
  readonly painters: Set<Painter>;
}

/** The shape of a lane. It draws only what has changed since the last frame. */
export function Waveform({ shape, painters }: WaveformProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const drawn = new WaveformCanvas(canvas.current, shape);
    const paint = (): void => {
      drawn.paint();
    };
    painters.add(paint);
    return () => {
      painters.delete(paint);
      drawn.close();
    };
  }, [shape, painters]);
  return <canvas ref={canvas} class="waveform" aria-hidden="true" />;
}
