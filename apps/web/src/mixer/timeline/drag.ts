import { useRef } from 'preact/hooks';
import { isSideways, isTap, type Place } from '../../ui/touch.js';

type Point = Place & Pick<PointerEvent, 'currentTarget' | 'altKey'>;

interface Drag {
  readonly start: Point;
  readonly counts: boolean;
  readonly cancelled: number;
  readonly undo: () => void;
}

/** counts the drags that something else has taken over */
let cancelled = 0;

/** Ends a drag that has just begun, because its finger is one of two. */
export function cancelDrag(): void {
  cancelled += 1;
}

interface DragHandlers {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: (event: PointerEvent) => void;
  readonly onPointerCancel: () => void;
}

/**
 * Calls `onDrag` for a press and for each move of the drag after it, with the point where the drag began. A touch counts
 * once it goes sideways or ends as a tap, because it may scroll the page. If the browser takes the pointer away, the
 * drag is undone.
 * @param remember called when a drag may begin; returns how to undo it
 */
export function useDrag(onDrag: (event: Point, start: Point) => void, remember: () => () => void): DragHandlers {
  const drag = useRef<Drag | undefined>(undefined);
  return {
    onPointerDown: (event) => {
      // a second finger zooms
      if (event.button !== 0 || !event.isPrimary) return;
      const { clientX, clientY, currentTarget, altKey } = event;
      const start = { clientX, clientY, currentTarget, altKey };
      const counts = event.pointerType !== 'touch';
      drag.current = { start, counts, cancelled, undo: remember() };
      if (currentTarget instanceof Element) currentTarget.setPointerCapture(event.pointerId);
      if (counts) onDrag(start, start);
    },
    onPointerMove: (event) => {
      if (drag.current?.cancelled !== cancelled) return;
      const { start, counts } = drag.current;
      if (!counts && !isSideways(start, event)) return;
      drag.current = { ...drag.current, counts: true };
      onDrag(event, start);
    },
    onPointerUp: (event) => {
      if (drag.current?.cancelled === cancelled && !drag.current.counts && isTap(drag.current.start, event))
        onDrag(event, drag.current.start);
      drag.current = undefined;
    },
    onPointerCancel: () => {
      if (drag.current?.counts === true) drag.current.undo();
      drag.current = undefined;
    },
  };
}

/** Horizontal position of the pointer in the element, or in its closest ancestor by `selector`: 0 to 1. */
export function pointerFraction({ clientX, currentTarget }: Point, selector?: string): number {
  if (!(currentTarget instanceof Element)) return 0;
  const element = selector === undefined ? currentTarget : (currentTarget.closest(selector) ?? currentTarget);
  const { left, width } = element.getBoundingClientRect();
  return Math.min(1, Math.max(0, (clientX - left) / width));
}
