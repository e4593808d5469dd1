import type { ObjectStore } from '../object-store.js';

/** A driver on the real thing, and what a spec must know of it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** uploads and temporary files that are not finished */
  unfinished(): Promise<number>;
  /** connections or files that are open for the store */
  openResources(): Promise<number>;
  close(): Promise<void>;
}

/** What the specs of the contract work with: one store for all of them, a folder for each. */
export interface Given extends Pick<StoreUnderTest, 'unfinished' | 'openResources'> {
  readonly sut: ObjectStore;
  /** prefix of the running spec, with a slash at its end */
  readonly folder: string;
  keysBelow(prefix: string): Promise<string[]>;
}
