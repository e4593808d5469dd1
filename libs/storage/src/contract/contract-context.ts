import type { ObjectStore } from '../object-store.js';

/** A driver on a real backend, and what the specs must know about it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** number of unfinished uploads and temporary files */
  unfinished(): Promise<number>;
  /** number of connections or files that the store has open */
  openResources(): Promise<number>;
  close(): Promise<void>;
}

/** The fixture of the contract's specs: they share one store, and each has its own folder. */
export interface ContractContext extends Pick<StoreUnderTest, 'unfinished' | 'openResources'> {
  readonly sut: ObjectStore;
  /** prefix of the running spec, with a slash at its end */
  readonly folder: string;
  keysBelow(prefix: string): Promise<string[]>;
}
