/** Lets other work of the thread run. @throws if nobody waits for this work any longer */
export type GiveWay = () => Promise<void>;

/**
 * The default export of a module that a thread loads. Such a module is JavaScript: Node 20 loads no TypeScript, and specs
 * run from the sources. An `import type` of it brings it into the build.
 */
export type ThreadWork = (input: never, giveWay: GiveWay) => unknown;

export interface ThreadTask {
  readonly id: number;
  /** address of a module */
  readonly module: string;
  readonly input: unknown;
  /** shared, one number: not 0 once nobody waits for the output */
  readonly abandoned: Int32Array;
}

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string;
}

export type ThreadAnswer =
  { readonly id: number; readonly output: unknown } | { readonly id: number; readonly failure: Failure };
