import { z } from 'zod';
import { accessKeySchema, limitsSchema, ownerUsageSchema, usageSchema } from './account.js';
import {
  keySchema,
  loudnessSchema,
  pendingAnalysisSchema,
  shownAnalysisSchema,
  shownKeySchema,
  shownTempoSchema,
  tempoSchema,
} from './song/analysis.js';
import { failureSchema } from './fields.js';
import { livenessSchema, notReadySchema, readinessSchema } from './health.js';
import { linksSchema } from './links.js';
import {
  manifestArtefactSchema,
  manifestEngineSchema,
  manifestInputSchema,
  manifestNetworkSchema,
  manifestOriginalSchema,
  manifestSchema,
  manifestStemSchema,
} from './manifest.js';
import { modelListSchema, modelSchema } from './model.js';
import { musicalKeySchema, ownEditSchema, ownSchema } from './song/own.js';
import { fieldErrorSchema, problemDocumentSchema } from './problem.js';
import {
  progressSchema,
  queuePlaceSchema,
  separationPageSchema,
  separationSchema,
  separationSummarySchema,
} from './separation.js';
import { songTagsSchema } from './song/tags.js';
import { previewSchema } from './preview.js';
import { previewEventSchema, stateEventSchema } from './state-event.js';
import { separationOptionsSchema } from './stored-request.js';
import { waveformSchema } from './waveform.js';
import {
  createdWebhookSchema,
  deliveryAttemptSchema,
  deliveryListSchema,
  deliverySchema,
  newWebhookSchema,
  webhookBodySchema,
  webhookListSchema,
  webhookSchema,
} from './webhook.js';

/** Generated clients call their types by these names. */
const COMPONENTS = {
  SeparationDocument: separationSchema,
  SeparationSummary: separationSummarySchema,
  SeparationPage: separationPageSchema,
  SeparationLinks: linksSchema,
  StateEvent: stateEventSchema,
  PreviewEvent: previewEventSchema,
  PreviewDocument: previewSchema,
  ProgressDocument: progressSchema,
  QueueDocument: queuePlaceSchema,
  FailureDocument: failureSchema,
  ReceiptDocument: manifestSchema,
  ReceiptEngine: manifestEngineSchema,
  ReceiptOptions: separationOptionsSchema,
  ReceiptInput: manifestInputSchema,
  ReceiptStem: manifestStemSchema,
  ReceiptOriginal: manifestOriginalSchema,
  ReceiptNetwork: manifestNetworkSchema,
  ReceiptFile: manifestArtefactSchema,
  WaveformDocument: waveformSchema,
  OwnDocument: ownSchema,
  SongTags: songTagsSchema,
  OwnEdit: ownEditSchema,
  MusicalKey: musicalKeySchema,
  AnalysisDocument: shownAnalysisSchema,
  AnalysisTempo: shownTempoSchema,
  AnalysisKey: shownKeySchema,
  MeasuredTempo: tempoSchema,
  MeasuredKey: keySchema,
  AnalysisLoudness: loudnessSchema,
  PendingAnalysis: pendingAnalysisSchema,
  ModelDocument: modelSchema,
  ModelList: modelListSchema,
  LimitsDocument: limitsSchema,
  AccessKey: accessKeySchema,
  UsageDocument: usageSchema,
  OwnerUsage: ownerUsageSchema,
  NewWebhook: newWebhookSchema,
  WebhookDocument: webhookSchema,
  CreatedWebhook: createdWebhookSchema,
  WebhookList: webhookListSchema,
  DeliveryDocument: deliverySchema,
  DeliveryAttempt: deliveryAttemptSchema,
  DeliveryList: deliveryListSchema,
  WebhookBody: webhookBodySchema,
  ProblemDocument: problemDocumentSchema,
  FieldError: fieldErrorSchema,
  Liveness: livenessSchema,
  Readiness: readinessSchema,
  NotReady: notReadySchema,
} as const;

type ComponentName = keyof typeof COMPONENTS;

/** A schema that refers to a component of the OpenAPI document. */
export function componentRef(name: ComponentName): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** The component schemas of the OpenAPI 3.1 document, by name. */
export function openApiComponents(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io: 'input',
    uri: (name) => `#/components/schemas/${name}`,
    override: ({ jsonSchema }) => {
      // the format already says it, and every JSON client has these bounds
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      // JSON has no other names
      delete jsonSchema.propertyNames;
    },
  });
  // the document has one dialect and its own addresses
  for (const schema of Object.values(schemas)) {
    delete schema.$id;
    delete schema.$schema;
  }
  return schemas;
}
