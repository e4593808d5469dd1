import { Inject, Injectable } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { WorkerPresence } from '@app/fleet';
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

/** The known models, and which of them a live worker has. */
export class ModelCatalogue {
  constructor(
    private readonly known: readonly ModelDescription[],
    /** undefined while no worker is live: then every known model is accepted, and songs wait */
    private readonly installed: ReadonlySet<string> | undefined,
    private readonly wantedDefault: string,
    private readonly allowed: ReadonlySet<LicenceClass>,
  ) {}

  /** The configured default; the demo model if live workers have only that. */
  get defaultName(): string {
    const fallsBack = this.installed?.has(this.wantedDefault) === false && this.installed.has(DEMO_MODEL);
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
      installed: this.installed?.has(model.name) === true,
      allowed: this.isAllowed(model.name),
      default: model.name === defaultName,
    }));
  }

  /** @throws ProblemError unknown_model or model_not_installed, with the allowed names; licence_not_allowed */
  pick(name: string = this.defaultName): ModelDescription {
    const model = this.known.find((candidate) => candidate.name === name);
    const takes = this.installed ?? new Set(this.known.map((candidate) => candidate.name));
    const extras = { allowed: [...takes].filter((taken) => this.isAllowed(taken)).sort() };
    const needed = modelsOfRecipe(name);
    if (model === undefined && needed !== undefined) {
      const detail = `No running worker has the recipe "${name}". It needs the models ${needed.join(' and ')}.`;
      throw new ProblemError('model_not_installed', detail, { extras });
    }
    if (model === undefined) throw new ProblemError('unknown_model', `There is no model "${name}".`, { extras });
    this.requireAllowed(name);
    if (!takes.has(name)) {
      throw new ProblemError('model_not_installed', `No running worker has the model "${name}".`, { extras });
    }
    return model;
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
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  /** @throws ProblemError queue_unavailable */
  async current(): Promise<ModelCatalogue> {
    const [live, announced] = await fromQueue(() => Promise.all([this.workers.live(), this.workers.knownModels()]));
    // weights are part of a separation's id: no worker may change those of a model with a fixed name
    const others = announced.filter(({ name }) => !KNOWN_MODELS.some((model) => model.name === name));
    const installed = new Set(live.flatMap(({ models }) => models.map(({ name }) => name)));
    return new ModelCatalogue(
      [...KNOWN_MODELS, ...others],
      live.length === 0 ? undefined : installed,
      this.config.defaultModel,
      this.config.modelLicences,
    );
  }
}
