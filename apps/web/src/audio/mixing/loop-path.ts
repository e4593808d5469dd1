/** A region of the song in samples, without its end. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

export interface Span {
  readonly from: number;
  readonly count: number;
}

/** Where playback is after so many samples of the song; a loop leads back from its end. */
export function follow(loop: Region | undefined, position: number, count: number): number {
  const next = position + count;
  if (loop === undefined || position >= loop.end || next < loop.end) return next;
  return loop.start + ((next - loop.end) % (loop.end - loop.start));
}

/** The parts of the song that playback reads next. */
export function spansOf(loop: Region | undefined, position: number, count: number): Span[] {
  const spans: Span[] = [];
  for (let [from, left] = [position, count]; left > 0;) {
    const part = Math.min(left, untilEnd(loop, from));
    spans.push({ from, count: part });
    from = follow(loop, from, part);
    left -= part;
  }
  return spans;
}

/** Whether playback takes the same way with both loops. */
export function isSameWay(
  one: Region | undefined,
  other: Region | undefined,
  position: number,
  count: number,
): boolean {
  if (one?.start === other?.start && one?.end === other?.end) return true;
  return untilEnd(one, position) > count && untilEnd(other, position) > count;
}

/** samples until the loop leads back; infinite outside a loop */
function untilEnd(loop: Region | undefined, position: number): number {
  return loop !== undefined && position < loop.end ? Math.max(1, Math.ceil(loop.end - position)) : Infinity;
}
