import { describe, expect, it } from '@jest/globals';
import { STAGES, componentRef, openApiComponents } from '../index.js';

describe(openApiComponents.name, () => {
  const components = openApiComponents() as Record<string, { required: string[]; properties: Record<string, unknown> }>;

  it('keeps the names that generated clients use', () => {
    expect(Object.keys(components).sort()).toEqual([
      'AccessKey',
      'AnalysisDocument',
      'AnalysisKey',
      'AnalysisLoudness',
      'AnalysisTempo',
      'CreatedWebhook',
      'DeliveryAttempt',
      'DeliveryDocument',
      'DeliveryList',
      'FailureDocument',
      'FieldError',
      'LimitsDocument',
      'Liveness',
      'MeasuredKey',
      'MeasuredTempo',
      'ModelDocument',
      'ModelList',
      'MusicalKey',
      'NewWebhook',
      'NotReady',
      'OwnDocument',
      'OwnEdit',
      'OwnerUsage',
      'PendingAnalysis',
      'PreviewDocument',
      'PreviewEvent',
      'ProblemDocument',
      'ProgressDocument',
      'QueueDocument',
      'Readiness',
      'ReceiptDocument',
      'ReceiptEngine',
      'ReceiptFile',
      'ReceiptInput',
      'ReceiptNetwork',
      'ReceiptOptions',
      'ReceiptOriginal',
      'ReceiptStem',
      'SeparationDocument',
      'SeparationLinks',
      'SeparationPage',
      'SeparationSummary',
      'SongTags',
      'StateEvent',
      'UsageDocument',
      'WaveformDocument',
      'WebhookBody',
      'WebhookDocument',
      'WebhookList',
    ]);
  });

  it('refers to components that exist, in the one dialect of OpenAPI 3.1', () => {
    const text = JSON.stringify(components);
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(components).toHaveProperty(name);
    expect(text).not.toMatch(/\$id|\$defs|\$schema|"nullable"|allOf|propertyNames/);
  });

  it('tells required fields from optional ones, and allows fields of later versions', () => {
    const separation = components['SeparationDocument'];
    expect(separation?.required).toContain('progress');
    for (const optional of ['startedAt', 'finishedAt', 'durationSeconds', 'queue', 'error', 'receipt']) {
      expect(separation?.required).not.toContain(optional);
      expect(separation?.properties).toHaveProperty(optional);
    }
    expect(separation?.properties['receipt']).toEqual(componentRef('ReceiptDocument'));
    expect(separation?.properties['links']).toEqual(componentRef('SeparationLinks'));
    expect(components['SeparationLinks']?.required).toEqual(['self']);
    expect(components['ReceiptDocument']?.properties['seconds']).toMatchObject({ required: [...STAGES] });
    const { OwnEdit, NewWebhook, ...answers } = components;
    for (const sent of [OwnEdit, NewWebhook]) expect(sent).toMatchObject({ additionalProperties: false });
    // generators make a field with a default required
    expect(JSON.stringify(answers)).not.toMatch(/"additionalProperties":false|"default":(?!\{)/);
  });
});
