import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { isSideways, type Place } from './touch.js';

export interface SliderProps {
  /** absent where the slider is in its label */
  readonly label?: string;
  readonly class?: string;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly value: number;
  /** where the filled part of the track begins; `min` if left out */
  readonly from?: number;
  readonly valueText: string;
  readonly onValue: (value: number) => void;
  readonly onReset?: () => void;
}

interface Touch {
  readonly start: Place;
  readonly value: number;
  readonly counts: boolean;
}

/** A slider that stays where it is when a finger scrolls the page across it. */
export function Slider({ label, from, valueText, onValue, onReset, ...range }: SliderProps): JSX.Element {
  const touch = useRef<Touch | undefined>(undefined);
  const take = ({ value }: HTMLInputElement): void => {
    if (Number(value) !== range.value) onValue(Number(value));
  };
  return (
    <input
      type="range"
      {...range}
      style={filled(range, from ?? range.min)}
      aria-label={label}
      aria-valuetext={valueText}
      onPointerDown={({ pointerType, clientX, clientY }) => {
        if (pointerType !== 'touch') return;
        touch.current = { start: { clientX, clientY }, value: range.value, counts: false };
      }}
      onPointerMove={(event) => {
        if (touch.current === undefined || touch.current.counts || !isSideways(touch.current.start, event)) return;
        touch.current = { ...touch.current, counts: true };
        take(event.currentTarget);
      }}
      onPointerUp={({ currentTarget }) => {
        if (touch.current !== undefined) take(currentTarget);
        touch.current = undefined;
      }}
      onPointerCancel={({ currentTarget }) => {
        if (touch.current === undefined) return;
        const { value, counts } = touch.current;
        touch.current = undefined;
        currentTarget.value = String(value);
        if (counts) onValue(value);
      }}
      onInput={({ currentTarget }) => {
        // some browsers move the slider before they know that the finger scrolls
        if (touch.current === undefined || touch.current.counts) take(currentTarget);
      }}
      onDblClick={onReset}
    />
  );
}

/** The filled part of the track, as shares of its length. */
function filled({ min, max, value }: Pick<SliderProps, 'min' | 'max' | 'value'>, from: number): Record<string, number> {
  const ends = [from, value].map((place) => (place - min) / (max - min || 1));
  return { '--from': Math.min(...ends), '--to': Math.max(...ends) };
}
