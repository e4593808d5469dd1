import { z } from 'zod';
import { failureSchema } from './fields.js';
import {
  manifestArtefactSchema,
  manifestEngineSchema,
  manifestInputSchema,
  manifestOriginalSchema,
  manifestSchema,
  manifestStemSchema,
} from './manifest.js';
import { modelListSchema, modelSchema } from './model.js';
import { fieldErrorSchema, problemDocumentSchema } from './problem.js';
import {
  progressSchema,
  queuePlaceSchema,
  separationPageSchema,
  separationSchema,
  separationSummarySchema,
} from './separation.js';
import { separationOptionsSchema } from './stored-request.js';
import { waveformSchema } from './waveform.js';

/** Generated clients call their types by these names. */
const COMPONENTS = {
  SeparationDocument: separationSchema,
  SeparationSummary: separationSummarySchema,
  SeparationPage: separationPageSchema,
  ProgressDocument: progressSchema,
  QueueDocument: queuePlaceSchema,
  FailureDocument: failureSchema,
  ReceiptDocument: manifestSchema,
  ReceiptEngine: manifestEngineSchema,
  ReceiptOptions: separationOptionsSchema,
  ReceiptInput: manifestInputSchema,
  ReceiptStem: manifestStemSchema,
  ReceiptOriginal: manifestOriginalSchema,
  ReceiptFile: manifestArtefactSchema,
  WaveformDocument: waveformSchema,
  ModelDocument: modelSchema,
  ModelList: modelListSchema,
  ProblemDocument: problemDocumentSchema,
  FieldError: fieldErrorSchema,
} as const;

type ComponentName = keyof typeof COMPONENTS;

/** A schema that refers to a component of the OpenAPI document. */
export function componentRef(name: ComponentName): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** The component schemas of the OpenAPI 3.0 document, by name. */
export function openApiComponents(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'openapi-3.0',
    io: 'input',
    uri: (name) => `#/components/schemas/${name}`,
    override: ({ jsonSchema }) => {
      const [only, ...others] = jsonSchema.allOf ?? [];
      // an optional reference
      if (only !== undefined && others.length === 0) {
        Object.assign(jsonSchema, only);
        delete jsonSchema.allOf;
      }
      // the format already says it, and every JSON client has these bounds
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  // OpenAPI 3.0 has no `$id`
  for (const schema of Object.values(schemas)) delete schema.$id;
  return schemas;
}
