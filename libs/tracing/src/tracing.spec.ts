import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadApiConfig } from '@app/config';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { startOtlpReceiver, type OtlpReceiver } from '../../../test/support/servers/otlp-receiver.js';
import { addSpan, inSpan, isTraceparent, traceId, traceparent } from './index.js';
import { openTracing } from './tracing.js';
import { WatchedExporter } from './watched-exporter.js';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const PARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

const FAILED: ExportResult = { code: ExportResultCode.FAILED, error: new Error('no route') };

class SongError extends Error {
  readonly code = 'undecodable_audio';
}

describe('tracing', () => {
  let collector: OtlpReceiver;
  let told: string[];
  let close: () => Promise<void>;

  beforeEach(async () => {
    collector = await startOtlpReceiver();
    told = [];
    close = await open();
  });

  afterEach(async () => {
    await close();
    await collector.close();
  });

  function open(): Promise<() => Promise<void>> {
    const config = loadApiConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` }).tracing;
    return openTracing({ config, service: 'rest-server', tell: (message) => told.push(message) });
  }

  it('sends spans with their parents, times and attributes, in the trace of the caller', async () => {
    const startedAt = new Date(1_700_000_000_000);
    const named = await inSpan('upload', { kind: 'server', parent: PARENT }, async () => {
      await inSpan('check', { attributes: { 'song.bytes': 5 } }, () => Promise.resolve());
      addSpan('queue wait', { startedAt, endedAt: new Date(1_700_000_002_500) });
      return [traceId(), traceparent()];
    });
    await close();
    const [check, wait, upload] = collector.spans();
    const { traceId: trace, spanId: within } = { ...CALLER, spanId: upload?.spanId };
    expect(named).toEqual([trace, `00-${trace}-${within ?? ''}-01`]);
    expect(upload).toMatchObject({
      service: 'rest-server',
      name: 'upload',
      traceId: trace,
      parentSpanId: CALLER.spanId,
    });
    expect(check).toMatchObject({
      name: 'check',
      parentSpanId: within,
      attributes: { 'song.bytes': 5 },
      failed: false,
    });
    expect(wait).toMatchObject({ name: 'queue wait', parentSpanId: within, from: 1_700_000_000, to: 1_700_000_002.5 });
  });

  it('begins a trace of its own below a parent that is none', async () => {
    await inSpan('upload', { parent: 'song.mp3' }, () => Promise.resolve());
    await close();
    expect(collector.spans()).toEqual([expect.objectContaining({ name: 'upload', parentSpanId: undefined })]);
  });

  it('follows a caller that samples nothing', async () => {
    await inSpan('upload', { parent: PARENT.replace(/01$/, '00') }, () => Promise.resolve());
    await close();
    expect(collector.spans()).toEqual([]);
  });

  it('ends a span with the code of its error, without the message', async () => {
    const failing = inSpan('check', {}, () => Promise.reject(new SongError('my song.mp3 is damaged')));
    await expect(failing).rejects.toThrow(SongError);
    await close();
    const [check] = collector.spans();
    expect(check).toMatchObject({ failed: true, attributes: { 'error.type': 'undecodable_audio' } });
    expect(JSON.stringify(check)).not.toContain('my song');
  });

  it('tells once that traces are lost, and once that they arrive again', () => {
    const results: ExportResult[] = [FAILED, FAILED, { code: ExportResultCode.SUCCESS }, FAILED];
    const exporter: SpanExporter = {
      export: (_spans, done) => {
        done(results.shift() ?? FAILED);
      },
      shutdown: () => Promise.resolve(),
    };
    const watched = new WatchedExporter(exporter, (message) => told.push(message));
    const passed: ExportResult[] = [];
    const expected = [...results];
    for (const spans of expected.map(() => [])) watched.export(spans, (result) => passed.push(result));
    expect(passed).toEqual(expected);
    expect(told).toEqual(['traces are lost: no route', 'traces arrive again', 'traces are lost: no route']);
  });

  it('tells that a collector takes nothing, and goes on', async () => {
    collector.answer(403);
    await inSpan('check', {}, () => Promise.resolve());
    await close();
    expect(told).toEqual([expect.stringContaining('traces are lost')]);
  });

  it('does nothing once it is closed', async () => {
    await close();
    expect(await inSpan('check', {}, () => Promise.resolve([traceId(), traceparent()]))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['', false],
    ['OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9', false],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:9/v1/traces', true],
  ])('with "%s", loads OpenTelemetry: %s', async (settings, isLoaded) => {
    const program = `
      const { loadApiConfig } = await import('@app/config');
      const { openTracing } = await import('./libs/tracing/src/tracing.ts');
      await openTracing({ config: loadApiConfig().tracing, service: 'rest-server', tell: () => undefined });
      const { createRequire } = await import('node:module');
      console.log(Object.keys(createRequire('/').cache).some((file) => file.includes('@opentelemetry')));
      process.exit();`;
    const env: Record<string, string> = { PATH: process.env['PATH'] ?? '' };
    for (const [, name = '', value = ''] of settings.matchAll(/(\w+)=(\S+)/g)) env[name] = value;
    const args = ['--import', './scripts/support/typescript.mjs', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout.trim()).toBe(String(isLoaded));
  });
});

describe(isTraceparent.name, () => {
  it.each([
    [PARENT, true],
    [`${PARENT.replace(/^00/, '01')}-more`, true],
    [PARENT.replace(/^00/, 'ff'), false],
    [PARENT.replace(CALLER.traceId, '0'.repeat(32)), false],
    [PARENT.replace(CALLER.spanId, '0'.repeat(16)), false],
    [PARENT.toUpperCase(), false],
    [`${PARENT}\n`, false],
    ['song.mp3', false],
  ])('of %j is %s', (text, expected) => {
    expect(isTraceparent(text)).toBe(expected);
  });
});
