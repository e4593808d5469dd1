import type { LogEntry } from './log-entry.js';

/** Formats one readable line. Escapes characters that could start a new line or move a terminal's cursor. */
export function formatTextLine(entry: LogEntry, entryId?: string): string {
  const { time, level, service, requestId, separationId, traceId, message, fields } = entry;
  const ids = [requestId, separationId, traceId].filter((id) => id !== undefined).join(' ');
  const parts = [time, level.toUpperCase().padEnd(5), service, ids === '' ? '-' : `[${ids}]`, message];
  if (fields !== undefined) parts.push(JSON.stringify(fields));
  if (entryId !== undefined) parts.push(`(${entryId})`);
  return escapeControls(parts.join(' '));
}

export function formatJsonLine(entry: LogEntry, entryId?: string): string {
  return escapeControls(JSON.stringify(entryId === undefined ? entry : { ...entry, entryId }));
}

/** C0, C1, delete, line and paragraph separators, and bidirectional controls */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeControls(text: string): string {
  return text.replace(
    CONTROLS,
    (character) => NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
