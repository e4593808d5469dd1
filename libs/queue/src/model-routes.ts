import type { QueueOfModels } from '@app/config';
import { QUEUE_NAME } from '@app/redis';

/** Which queue the songs of a model go into. Pools of workers with the same models share a queue. */
export class ModelRoutes {
  private readonly byModel = new Map<string, string>();
  private readonly ofOthers: string | undefined;

  constructor(private readonly all: readonly QueueOfModels[] = [{ name: QUEUE_NAME, models: '*' }]) {
    for (const { name, models } of all) {
      for (const model of models === '*' ? [] : models) this.byModel.set(model, name);
    }
    this.ofOthers = all.find(({ models }) => models === '*')?.name;
  }

  get queues(): readonly string[] {
    return this.all.map(({ name }) => name);
  }

  /** undefined if no pool has the model */
  queueOf(model: string): string | undefined {
    return this.byModel.get(model) ?? this.ofOthers;
  }
}
