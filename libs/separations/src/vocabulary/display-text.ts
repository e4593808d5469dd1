/** controls, line separators and direction marks: `\p{C}` except the joiners that scripts need */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Text of a client or a file as it may be shown, in any script: one line, NFC, without control characters. */
export function displayText(text: string): string {
  return text.replace(/\s+/g, ' ').normalize('NFC').replace(INVISIBLE, '').replace(/ {2,}/g, ' ').replace(/^ | $/g, '');
}
