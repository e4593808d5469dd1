import type crypto from 'node:crypto';
import type fs from 'node:fs';

/** All that work in a thread has besides its input. */
export interface ThreadTools {
  readonly crypto: typeof crypto;
  readonly fs: typeof fs;
}

/** Work for a thread. It runs from its source text, so it must not use anything outside itself. */
export type ThreadWork<Input, Output> = (input: Input, tools: ThreadTools) => Output;

export interface ThreadTask {
  readonly id: number;
  readonly source: string;
  readonly input: unknown;
}

export type ThreadAnswer =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: { readonly message: string; readonly code?: string } };
