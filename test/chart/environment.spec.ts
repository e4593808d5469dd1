import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { configurationVariables, loadApiConfig, loadLogsConfig, loadWorkerConfig } from '@app/config';
import { EXAMPLES, describeChart, helm } from './cases.js';
import { Chart, environment, type Rendered } from './chart.js';

/** the app and the schema of each Deployment */
const PARTS = [
  ['rest-server', 'rest-server', loadApiConfig],
  ['worker-server', 'worker-server', loadWorkerConfig],
  ['worker-server-gpu', 'worker-server', loadWorkerConfig],
  ['logs', 'logs', loadLogsConfig],
] as const;

/** for traces, for those who have a collector */
const TRACES = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_SDK_DISABLED',
];

/** The image sets some variables and has good values for others, EKS sets one; `extraEnv` sets the rest. */
const LEFT_OUT = {
  'rest-server': [
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'BIND',
    'DATA_DIR',
    'DOWNLOAD_STALL_SECONDS',
    'ENGINE_PYTHON',
    'FFMPEG_PATH',
    'MAX_ENCODINGS',
    'UPLOAD_STALL_SECONDS',
    ...TRACES,
  ],
  'worker-server': [
    'ANALYSIS',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'DATA_DIR',
    'ENGINE_BACKEND',
    'ENGINE_MAX_MEMORY_BYTES',
    'ENGINE_PYTHON',
    'FFMPEG_PATH',
    ...TRACES,
  ],
  logs: [],
};

/** set for those who need them alone */
const OPTIONAL = ['REDIS_SENTINELS', 'REDIS_SENTINEL_MASTER', 'REDIS_SENTINEL_PASSWORD'];

const readBy = (app: string): string[] =>
  configurationVariables().flatMap((variable) => (variable.readBy.includes(app) ? [variable.name] : []));

describeChart('the environment that the chart sets', () => {
  let chart: Chart;
  let rendered: Rendered;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    rendered = await chart.render({ set: ['workers.gpu.enabled=true', 'workers.gpu.accelerator=nvidia-l4'] });
  });

  afterAll(() => chart.close());

  it.each(PARTS)('has every variable that %s reads, except those left to its image', (deployment, app, load) => {
    const { REDIS_PASSWORD, ...given } = environment(rendered.container(deployment));
    expect(REDIS_PASSWORD).toBe('separation-redis.redis-password');
    expect([...Object.keys(given), ...LEFT_OUT[app], ...OPTIONAL].sort()).toEqual(readBy(app).sort());
    expect(() => load({ ...given, REDIS_URL: 'redis://redis-master:6379/0' })).not.toThrow();
  });

  it.each(EXAMPLES)('has only known variables with %s', async (file) => {
    const { pods } = await chart.render({ file });
    const page = await readFile('docs/configuration.md', 'utf8');
    const containers = pods
      .filter(({ labels }) => labels['app.kubernetes.io/name'] !== 'music-separation-test')
      .flatMap(({ spec }) => [...spec.containers, ...(spec.initContainers ?? [])])
      // stores have variables of their own
      .filter(({ image }) => image.includes('music-separation'));
    const names = new Set(containers.flatMap((container) => Object.keys(environment(container))));
    // part of REDIS_URL; cache of the hub's client
    for (const name of ['REDIS_PASSWORD', 'HF_HOME']) names.delete(name);
    expect([...names].filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  });
});
