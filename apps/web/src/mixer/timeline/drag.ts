import { useRef } from 'preact/hooks';

type Point = Pick<PointerEvent, 'clientX' | 'currentTarget'>;

interface DragHandlers {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
}

/** Calls with each place of a press and of the drag that follows, and where it began. */
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

/** Where in the width of the element, or of one around it, the pointer is: 0 to 1. */
export function placeOf({ clientX, currentTarget }: Point, around?: string): number {
  if (!(currentTarget instanceof Element)) return 0;
  const element = around === undefined ? currentTarget : (currentTarget.closest(around) ?? currentTarget);
  const { left, width } = element.getBoundingClientRect();
  return Math.min(1, Math.max(0, (clientX - left) / width));
}
