import { Inject, Injectable } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { WorkerPresence } from '@app/fleet';
import { KNOWN_MODELS, type ModelDescription } from '@app/separations';
import { fromQueue } from '../problems/outages.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';

export interface CatalogueEntry extends ModelDescription {
  readonly installed: boolean;
  readonly default: boolean;
}

/** the model that ships with the service: the fallback when the configured one is not installed */
const DEMO = 'demo';

/** The known models, and which of them a live worker has. */
export class ModelCatalogue {
  constructor(
    private readonly known: readonly ModelDescription[],
    /** undefined without a live worker: every known model is accepted then, and its songs wait */
    private readonly installed: ReadonlySet<string> | undefined,
    private readonly configuredDefault: string,
  ) {}

  /** The configured default, or the demo model when live workers have only that. */
  get defaultName(): string {
    const fallsBack = this.installed?.has(this.configuredDefault) === false && this.installed.has(DEMO);
    return fallsBack ? DEMO : this.configuredDefault;
  }

  /** Warns users when the default is not the configured model. */
  get notice(): string | undefined {
    return this.defaultName === this.configuredDefault
      ? undefined
      : `${this.configuredDefault} is not installed. The default is the small demo model, whose stems are of low quality.`;
  }

  get entries(): CatalogueEntry[] {
    const { defaultName } = this;
    return this.known.map((model) => ({
      ...model,
      installed: this.installed?.has(model.name) === true,
      default: model.name === defaultName,
    }));
  }

  /** @throws ProblemError unknown_model or model_not_installed, with the allowed names */
  pick(name: string = this.defaultName): ModelDescription {
    const model = this.known.find((candidate) => candidate.name === name);
    const accepted = this.installed ?? new Set(this.known.map((candidate) => candidate.name));
    const extras = { allowed: [...accepted].sort() };
    if (model === undefined) throw new ProblemError('unknown_model', `Unknown model "${name}".`, { extras });
    if (!accepted.has(name)) {
      throw new ProblemError('model_not_installed', `No running worker has the model "${name}".`, { extras });
    }
    return model;
  }
}

@Injectable()
export class ModelCatalogues {
  constructor(
    private readonly workers: WorkerPresence,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  /** @throws ProblemError queue_unavailable */
  async current(): Promise<ModelCatalogue> {
    const [live, announced] = await fromQueue(() => Promise.all([this.workers.live(), this.workers.knownModels()]));
    // weights are part of a separation's id: a worker may not redefine those of a known model
    const others = announced.filter(({ name }) => !KNOWN_MODELS.some((model) => model.name === name));
    const installed = new Set(live.flatMap(({ models }) => models.map(({ name }) => name)));
    return new ModelCatalogue(
      [...KNOWN_MODELS, ...others],
      live.length === 0 ? undefined : installed,
      this.config.defaultModel,
    );
  }
}
