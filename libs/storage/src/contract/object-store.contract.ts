import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { collect } from './bytes.js';
import type { ContractContext, StoreUnderTest } from './contract-context.js';
import { holdsObjects } from './objects.contract.js';
import { holdsStreams } from './streams.contract.js';

/** The contract of every driver. Each driver's spec calls this with a store on a real backend. */
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

    const context: ContractContext = {
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
    holdsObjects(context);
    holdsStreams(context);
  });
}
