import { Inject, Injectable } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { WorkerPresence, type WorkerAnnouncement } from '@app/fleet';
import { ModelRoutes } from '@app/queue';
import {
  DEMO_MODEL,
  KNOWN_MODELS,
  licenceOf,
  modelsOfRecipe,
  type LicenceClass,
  type Model,
  type ModelDescription,
} from '@app/separations';
import { fromQueue } from '../problems/outages.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';

/** The known models, and which of them the workers have. */
export class ModelCatalogue {
  constructor(
    private readonly known: readonly ModelDescription[],
    /** models that a live worker has and takes songs for */
    private readonly installed: ReadonlySet<string>,
    /** those of pools without a live worker: songs for them wait */
    private readonly awaited: ReadonlySet<string>,
    /** those of no pool */
    private readonly unserved: ReadonlySet<string>,
    private readonly wantedDefault: string,
    private readonly allowed: ReadonlySet<LicenceClass>,
  ) {}

  /** The configured default; the demo model if live workers have only that. */
  get defaultName(): string {
    const fallsBack = !this.takes(this.wantedDefault) && this.installed.has(DEMO_MODEL);
    return fallsBack ? DEMO_MODEL : this.wantedDefault;
  }

  /** Set when the default is not the model that the operator chose. */
  get notice(): string | undefined {
    return this.defaultName === this.wantedDefault
      ? undefined
      : `${this.wantedDefault} is not installed: the small demo model is the default, with stems of low quality.`;
  }

  get entries(): Model[] {
    const { defaultName } = this;
    return this.known.map((model) => ({
      ...model,
      installed: this.installed.has(model.name),
      allowed: this.isAllowed(model.name),
      default: model.name === defaultName,
    }));
  }

  /** @throws ProblemError unknown_model or model_not_installed, with the allowed names; licence_not_allowed */
  pick(name: string = this.defaultName): ModelDescription {
    const model = this.known.find((candidate) => candidate.name === name);
    const taken = [...this.installed, ...this.awaited];
    const extras = { allowed: taken.filter((one) => this.isAllowed(one)).sort() };
    const needed = modelsOfRecipe(name);
    if (model === undefined && needed !== undefined) {
      const detail = `No running worker has the recipe "${name}". It needs the models ${needed.join(' and ')}.`;
      throw new ProblemError('model_not_installed', detail, { extras });
    }
    if (model === undefined) throw new ProblemError('unknown_model', `There is no model "${name}".`, { extras });
    this.requireAllowed(name);
    if (!this.takes(name)) {
      const nobody = this.unserved.has(name) ? 'No pool of workers' : 'No running worker';
      throw new ProblemError('model_not_installed', `${nobody} has the model "${name}".`, { extras });
    }
    return model;
  }

  private takes(name: string): boolean {
    return this.installed.has(name) || this.awaited.has(name);
  }

  private isAllowed(name: string): boolean {
    return this.allowed.has(licenceOf(name).class);
  }

  private requireAllowed(name: string): void {
    if (this.isAllowed(name)) return;
    const licence = licenceOf(name);
    const source = licence.source === undefined ? '' : ` (${licence.source})`;
    const detail = `The license of "${name}" is ${licence.class}${source}. This server allows only ${[...this.allowed].join(', ')}.`;
    throw new ProblemError('licence_not_allowed', detail, { extras: { licence } });
  }
}

@Injectable()
export class ModelCatalogues {
  constructor(
    private readonly workers: WorkerPresence,
    private readonly routes: ModelRoutes,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  /** @throws ProblemError queue_unavailable */
  async current(): Promise<ModelCatalogue> {
    const [live, announced] = await fromQueue(() => Promise.all([this.workers.live(), this.workers.knownModels()]));
    // weights are part of a separation's id: no worker may change those of a model with a fixed name
    const others = announced.filter(({ name }) => !KNOWN_MODELS.some((model) => model.name === name));
    const known = [...KNOWN_MODELS, ...others];
    // another pool may have it too, but gets no songs for it
    const has = (worker: WorkerAnnouncement, name: string): boolean =>
      worker.queue === this.routes.queueOf(name) && worker.models.some((model) => model.name === name);
    const isAwaited = (name: string): boolean => {
      const queue = this.routes.queueOf(name);
      return queue !== undefined && live.every((worker) => worker.queue !== queue);
    };
    const names = known.map(({ name }) => name);
    return new ModelCatalogue(
      known,
      new Set(names.filter((name) => live.some((worker) => has(worker, name)))),
      new Set(names.filter(isAwaited)),
      new Set(names.filter((name) => this.routes.queueOf(name) === undefined)),
      this.config.defaultModel,
      this.config.modelLicences,
    );
  }
}
