import { computed, signal } from '@preact/signals';
import { de } from './de.js';
import { en, type Words } from './en.js';

export const LANGUAGES: Readonly<Record<string, Words>> = { en, de };

const NAME = 'language';

/** code of the language: the chosen one, else the first of the browser's that there is */
export const language = signal(firstLanguage());

export const words = computed<Words>(() => LANGUAGES[language.value] ?? en);

export function setLanguage(code: string): void {
  localStorage.setItem(NAME, code);
  language.value = code;
}

/** What went wrong in plain words, by its stable code. */
export function explain(code: string, size = ''): string {
  const text = words.value.errors[code] ?? words.value.unknownError;
  return typeof text === 'string' ? text : text(size);
}

export function stemName(stem: string): string {
  return words.value.stems[stem] ?? stem;
}

function firstLanguage(): string {
  const wanted = [localStorage.getItem(NAME) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find((code) => code in LANGUAGES) ?? 'en';
}
