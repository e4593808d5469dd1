import { useRef } from 'preact/hooks';

type Point = Pick<PointerEvent, 'clientX' | 'currentTarget'>;

interface DragHandlers {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
}

/** Calls `onDrag` for a press and for each move of the drag after it, with the point where the drag began. */
export function useDrag(onDrag: (event: Point, start: Point) => void): DragHandlers {
  const start = useRef<Point | undefined>(undefined);
  const end = (): void => {
    start.current = undefined;
  };
  return {
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      const { clientX, currentTarget } = event;
      start.current = { clientX, currentTarget };
      if (currentTarget instanceof Element) currentTarget.setPointerCapture(event.pointerId);
      onDrag(event, start.current);
    },
    onPointerMove: (event) => {
      if (start.current !== undefined) onDrag(event, start.current);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}

/** Horizontal position of the pointer in the element, or in its closest ancestor by `selector`: 0 to 1. */
export function pointerFraction({ clientX, currentTarget }: Point, selector?: string): number {
  if (!(currentTarget instanceof Element)) return 0;
  const element = selector === undefined ? currentTarget : (currentTarget.closest(selector) ?? currentTarget);
  const { left, width } = element.getBoundingClientRect();
  return Math.min(1, Math.max(0, (clientX - left) / width));
}
