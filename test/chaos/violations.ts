/** What must hold. The report counts the violations of each. */
export const RULES = {
  answers: 'every answer is a success or has a code, and none is `internal`',
  secrets: 'no answer names a path of the server',
  end: 'every accepted song ends',
  right: 'every accepted song is completed, and its stems equal those of an undisturbed run',
  final: 'an end that was told never changes',
  followers: 'every follower is told the end',
  downloads: 'a download that ends well has the right bytes',
  manifest: 'a completed song has one manifest, and every object that it lists with its size and SHA-256',
  gone: 'nothing is left of cancelled and deleted songs',
  layout: 'nothing lies outside the known layout, and nothing is left in staging',
  lists: 'the lists of the API name what is stored',
  redis: 'Redis holds no job, no lock and no scan of what has ended',
  files: 'no temporary file is left',
  processes: 'no process ends by itself, and none is left',
  descriptors: 'no file descriptors are lost',
} as const;

export type Rule = keyof typeof RULES;

export class Violations {
  readonly #found: { readonly rule: Rule; readonly text: string; times: number }[] = [];

  add(rule: Rule, text: string): void {
    const known = this.#found.find((other) => other.rule === rule && withoutIds(other.text) === withoutIds(text));
    if (known === undefined) this.#found.push({ rule, text, times: 1 });
    else known.times += 1;
  }

  /** Adds a violation unless the condition holds. */
  expect(condition: boolean, rule: Rule, text: string): void {
    if (!condition) this.add(rule, text);
  }

  of(rule: Rule): string[] {
    return this.#found.filter((one) => one.rule === rule).map(({ text }) => text);
  }

  get all(): string[] {
    return this.#found.map(({ rule, text, times }) => `${rule}: ${text}${times > 1 ? ` (${times} times)` : ''}`);
  }
}

/** two answers to the same call differ only in the id of the request */
function withoutIds(text: string): string {
  return text.replaceAll(/"requestId":"[^"]*"/g, '');
}
