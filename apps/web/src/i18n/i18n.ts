import { computed, signal } from '@preact/signals';
import { de } from './de.js';
import { en, type Messages } from './en.js';

/** Every language of the page by its code. To add one, write a file like `de.ts` and list it here. */
export const LANGUAGES: Readonly<Record<string, Messages>> = { en, de };

const STORAGE_KEY = 'language';

/** code of the current language: the chosen one, else the first the browser and the page share */
export const language = signal(initialLanguage());

/** every text of the page, in the current language */
export const messages = computed<Messages>(() => LANGUAGES[language.value] ?? en);

export function setLanguage(code: string): void {
  localStorage.setItem(STORAGE_KEY, code);
  language.value = code;
}

/** The stem's name in the current language; one without a translation is named as its model does: `Lead guitar`. */
export function stemName(stem: string): string {
  const names: Readonly<Record<string, string>> = messages.value.stems;
  return names[stem] ?? `${stem.charAt(0).toUpperCase()}${stem.slice(1)}`.replaceAll('_', ' ');
}

function initialLanguage(): string {
  const wanted = [localStorage.getItem(STORAGE_KEY) ?? '', ...navigator.languages];
  return wanted.map((tag) => tag.split('-')[0] ?? '').find((code) => code in LANGUAGES) ?? 'en';
}
