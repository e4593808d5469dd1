import { z } from 'zod';
import { LICENCE_CLASSES } from '../vocabulary/licences.js';
import { modelName, name, stemNames, type DocumentOf } from './fields.js';

/** Of the weights of a model. */
export const licenceSchema = z.object({
  class: z.enum(LICENCE_CLASSES).meta({ example: 'none-stated' }),
  text: z.string().meta({ description: 'the licence in words', example: 'MIT' }),
  source: z.string().meta({ description: 'where it was read' }).exactOptional(),
  readOn: z.iso.date().meta({ description: 'the day it was read' }).exactOptional(),
});

/** What is fixed about a model, whether or not a worker has it. */
export const modelDescriptionSchema = z.object({
  name: modelName,
  stems: stemNames,
  licence: z.string().meta({ description: 'of the weights, in words', example: 'MIT' }),
  licenceClass: z
    .enum(LICENCE_CLASSES)
    .meta({ description: 'its kind; absent if a worker of an earlier version announced the model' })
    .exactOptional(),
  licenceSource: z
    .string()
    .meta({
      description: 'where the licence, or the lack of one, was read',
      example: 'https://github.com/facebookresearch/demucs/issues/327',
    })
    .exactOptional(),
  licenceReadOn: z.iso.date().meta({ description: 'the day it was read' }).exactOptional(),
  weights: name.meta({ description: 'signatures of its networks, joined by `+`', example: '955717e8' }),
  overlap: z
    .number()
    .min(0)
    .meta({ description: 'share of a segment that overlaps its neighbor, if an upload names none', example: 0.25 })
    .exactOptional(),
  relativeCost: z
    .number()
    .min(0)
    .meta({ description: 'time for a second of song on a CPU; htdemucs is 1', example: 1 }),
});

export const modelSchema = modelDescriptionSchema.extend({
  installed: z.boolean().meta({ description: 'whether a running worker has it', example: true }),
  allowed: z
    .boolean()
    .meta({ description: 'whether this server takes songs for it: see MODEL_LICENCES', example: true })
    .exactOptional(),
  default: z.boolean().meta({ description: 'used for uploads that name no model', example: true }),
});

export const modelListSchema = z.object({
  models: z.array(modelSchema),
  notice: z
    .string()
    .meta({ description: 'set when the default is not the model that the operator chose' })
    .exactOptional(),
});

export type Licence = DocumentOf<typeof licenceSchema>;
export type ModelDescription = DocumentOf<typeof modelDescriptionSchema>;
export type Model = DocumentOf<typeof modelSchema>;
export type ModelList = DocumentOf<typeof modelListSchema>;
