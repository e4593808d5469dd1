import { cancelDrag } from './drag.js';
import type { TimelineView } from './timeline-view.js';

/** of the length of the view, with each press of a key or button */
export const ZOOM_STEP = 2;

const PIXELS_PER_LINE = 16;
/** a wheel that turns this far doubles or halves the view, pixels */
const PIXELS_PER_DOUBLE = 160;

/**
 * Zooms with Ctrl and the wheel, which is also a pinch on a touchpad, and with two fingers. Scrolls sideways with the
 * wheel. @param timelines selects the elements that are as wide as the view
 * @returns a function that stops it
 */
export function listenToZoom(view: TimelineView, root: HTMLElement, timelines: string): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const box = (): DOMRect => (root.querySelector(timelines) ?? root).getBoundingClientRect();
  const placeOf = (x: number): number => {
    const { left, width } = box();
    return Math.min(1, Math.max(0, (x - left) / width));
  };
  const onWheel = (event: WheelEvent): void => {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_PER_LINE : 1;
    const [x, y] = [event.deltaX * unit, event.deltaY * unit];
    // a mouse scrolls sideways with Shift
    const sideways = event.shiftKey && x === 0 ? y : x;
    if (event.ctrlKey || event.metaKey) view.zoom(2 ** (y / PIXELS_PER_DOUBLE), placeOf(event.clientX));
    else if (view.isZoomed.value && Math.abs(sideways) > (event.shiftKey ? 0 : Math.abs(y))) {
      view.scroll((sideways / box().width) * view.length.value);
    } else return;
    event.preventDefault();
  };
  let fingers: readonly [number, number] | undefined;
  const onTouch = (event: TouchEvent): void => {
    const [one, other] = event.touches;
    if (one === undefined || other === undefined || event.touches.length > 2) {
      fingers = undefined;
      return;
    }
    event.preventDefault();
    cancelDrag();
    const next = [one.clientX, other.clientX].sort((a, b) => a - b) as [number, number];
    if (fingers !== undefined) pinch(view, fingers, next, placeOf);
    fingers = next;
  };
  root.addEventListener('wheel', onWheel, { signal, passive: false });
  for (const type of ['touchstart', 'touchmove', 'touchend', 'touchcancel'] as const) {
    root.addEventListener(type, onTouch, { signal, passive: false });
  }
  return () => {
    stop.abort();
  };
}

/** Keeps the samples under both fingers. */
function pinch(
  view: TimelineView,
  [left, right]: readonly [number, number],
  [nextLeft, nextRight]: readonly [number, number],
  placeOf: (x: number) => number,
): void {
  const before = Math.max(1, right - left);
  const after = Math.max(1, nextRight - nextLeft);
  view.zoom(before / after, placeOf((nextLeft + nextRight) / 2));
  view.scroll((placeOf((left + right) / 2) - placeOf((nextLeft + nextRight) / 2)) * view.length.value);
}
