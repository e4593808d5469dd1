import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { collect } from './bytes.js';
import type { Given, StoreUnderTest } from './given.js';
import { holdsObjects } from './objects.contract.js';
import { holdsStreams } from './streams.contract.js';

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
