/** pixels: a finger moves as far in a tap */
const SLOP = 6;

export type Place = Pick<PointerEvent, 'clientX' | 'clientY'>;

/** Whether a touch goes along a slider or timeline. Any other way, it scrolls the page. */
export function isSideways(from: Place, to: Place): boolean {
  const [x, y] = distances(from, to);
  return x >= SLOP && x > y;
}

export function isTap(from: Place, to: Place): boolean {
  return distances(from, to).every((distance) => distance < SLOP);
}

function distances(from: Place, to: Place): [number, number] {
  return [Math.abs(to.clientX - from.clientX), Math.abs(to.clientY - from.clientY)];
}
