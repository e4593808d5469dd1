import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import type { ObjectStore } from '../object-store.js';
import { collect } from './bytes.js';
import { holdsObjects } from './objects.contract.js';
import { holdsStreams } from './streams.contract.js';

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

/** What every driver must hold; each spec file of a driver calls it with a store on the real thing. */
export function describeObjectStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`ObjectStore of ${name}`, () => {
    let subject: StoreUnderTest;
    let folder: string;

    beforeAll(async () => {
      subject = await create();
    }, 60_000);
    beforeEach(() => {
      folder = `separations/${randomUUID()}/`;
    });
    afterAll(() => subject.close());

    const given: Given = {
      get sut() {
        return subject.store;
      },
      get folder() {
        return folder;
      },
      unfinished: () => subject.unfinished(),
      openResources: () => subject.openResources(),
      keysBelow: async (prefix) => (await collect(subject.store.list(prefix))).map(({ key }) => key),
    };
    holdsObjects(given);
    holdsStreams(given);
  });
}
