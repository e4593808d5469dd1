import { describe, expect, it } from '@jest/globals';
import type { JobState, SeparationQueue } from '@app/queue';
import type { SeparationId } from '@app/separations';
import { JobStates } from './job-states.js';

const id = (at: number): SeparationId => `sep_${String(at).padStart(32, '0')}` as SeparationId;

describe(JobStates.name, () => {
  const queued = { status: 'queued', position: 1, etaSeconds: null } as const satisfies JobState;

  function setUp(): { sut: JobStates; asked: (readonly SeparationId[])[] } {
    const asked: (readonly SeparationId[])[] = [];
    const states = (ids: readonly SeparationId[]): Promise<Map<SeparationId, JobState>> => {
      asked.push(ids);
      return Promise.resolve(new Map(ids.filter((one) => one !== id(0)).map((one) => [one, queued])));
    };
    const queue: Pick<SeparationQueue, 'states'> = { states };
    return { sut: new JobStates(queue as SeparationQueue), asked };
  }

  it('asks once for all lookups of one turn, and again in the next', async () => {
    const { sut, asked } = setUp();
    const answers = await Promise.all([sut.of(id(0)), sut.of(id(1)), sut.of(id(1))]);
    expect(answers).toEqual([undefined, queued, queued]);
    expect(await sut.of(id(2))).toEqual(queued);
    expect(asked).toEqual([[id(0), id(1)], [id(2)]]);
  });

  it('never asks for more than a hundred at once', async () => {
    const { sut, asked } = setUp();
    await Promise.all(Array.from({ length: 250 }, (_, at) => sut.of(id(at))));
    expect(asked.map(({ length }) => length)).toEqual([100, 100, 50]);
  });
});
