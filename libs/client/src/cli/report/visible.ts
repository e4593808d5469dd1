const UNSEEN = /[\p{Cc}\p{Cf}]/gu;

/** For a terminal: names and texts of others must not move its cursor, hide or reorder what is there. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, '\uFFFD');
}

/** JSON that a terminal shows as it is, and that means the same. */
export function visibleJson(document: object): string {
  return JSON.stringify(document).replaceAll(UNSEEN, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
