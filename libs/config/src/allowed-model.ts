import { licenceOf, type LicenceClass } from '@app/separations';
import { ConfigError } from './config.error.js';

/** @throws ConfigError if the default model's license is of a class that MODEL_LICENCES leaves out */
export function requireAllowedModel(model: string, allowed: ReadonlySet<LicenceClass>): void {
  const licence = licenceOf(model);
  if (allowed.has(licence.class)) return;
  throw new ConfigError([
    `MODEL is ${model}, whose license is ${licence.class}, but MODEL_LICENCES allows only ${[...allowed].join(', ')}. ` +
      'Set MODEL to another model.',
  ]);
}
