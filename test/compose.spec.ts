import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { configurationVariables, loadApiConfig, loadLogsConfig, loadWorkerConfig } from '@app/config';
import { parse } from 'yaml';
import { runPython } from './openapi/run-tool.js';

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly command?: string;
  readonly restart: string;
  readonly profiles?: readonly string[];
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly healthcheck: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
}

interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: object;
}

/** a variable of .env, with its default */
const INTERPOLATED = /\$\{([A-Z0-9_]+)(?::-([^}]*))?\}/g;
/** What these do is over in a moment, or shows in no port. */
const WITHOUT_HEALTH = ['models', 'logs', 'watch'];
/** Caddy is started from a file with this capability. */
const WITH_CAPABILITIES = ['https'];
const OURS = /^localhost\/music-separation-(api|worker):/;

const read = (file: string): Promise<string> => readFile(file, 'utf8');
const withDefaults = (text: string): string =>
  text.replaceAll(INTERPOLATED, (_all, _name, value?: string) => value ?? '');

describe('compose.yaml', () => {
  let text: string;
  let project: Project;
  let services: [string, Service][];

  beforeAll(async () => {
    text = await read('compose.yaml');
    project = parse(withDefaults(text), { merge: true }) as Project;
    services = Object.entries(project.services);
  });

  it('keeps to the Compose Specification, as does its override for GPUs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'compose-'));
    try {
      const wrong = join(folder, 'compose.yaml');
      await writeFile(wrong, text.replace('read_only', 'read_onyl'));
      const check = (...files: string[]): Promise<string> =>
        runPython(['-m', 'check_jsonschema', '--builtin-schema', 'vendor.compose-spec', ...files], { cwd: '.' });
      await check('compose.yaml', 'compose.gpu.yaml');
      await expect(check(wrong)).rejects.toThrow('read_onyl');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('starts every service as a plain user, without capabilities, on a read-only root', () => {
    for (const [name, { image, user, ...service }] of services) {
      // the Dockerfiles set the user of our own
      expect({ name, user: OURS.test(image) ? '1000:1000' : user }).toMatchObject({
        user: expect.stringMatching(/^[1-9]/),
      });
      expect({ name, ...service }).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: name === 'models' ? 'no' : 'unless-stopped',
      });
      expect('cap_add' in service).toBe(WITH_CAPABILITIES.includes(name));
    }
  });

  it('asks every service for its health', () => {
    const unasked = services.filter(([, { healthcheck }]) => healthcheck.test === undefined).map(([name]) => name);
    expect(unasked.sort()).toEqual([...WITHOUT_HEALTH].sort());
    // Podman 4 splits arguments at spaces
    const commands = services.flatMap(([, { healthcheck }]) =>
      healthcheck.test?.[0] === 'CMD' ? healthcheck.test : [],
    );
    expect(commands.filter((argument) => argument.includes(' '))).toEqual([]);
  });

  it('publishes the page alone, and on this machine only', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published).toEqual(['rest-server 127.0.0.1:3000:3000', 'https 127.0.0.1:443:8443']);
  });

  it('tells rest-server where its port is published, and answers the service that watches a folder', () => {
    const { environment = {}, ports = [] } = project.services['rest-server'] ?? {};
    expect(ports[0]?.startsWith(`${environment['BIND']}:`)).toBe(true);
    const { publishedOn, allowedHosts } = loadApiConfig(
      Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)])),
    ).http;
    const { hostname } = new URL(String(project.services['watch']?.environment?.['SEPARATION_SERVER']));
    expect({ publishedOn, allowedHosts }).toEqual({ publishedOn: '127.0.0.1', allowedHosts: [hostname, 'localhost'] });
  });

  it('hides master, volumes and filer of SeaweedFS from other containers: they ask for no key', () => {
    const bound = project.services['s3']?.command?.match(/-(\w+\.)?ip\S*/g);
    expect(bound).toEqual(['-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-s3.ip.bind=0.0.0.0']);
  });

  it('lets nothing reach outside that need not', () => {
    expect(project.networks).toEqual({ inside: { internal: true }, outside: {} });
    const reaching = services.filter(([, { networks }]) => networks.includes('outside')).map(([name]) => name);
    expect(reaching.sort()).toEqual(['https', 'models', 'rest-server']);
  });

  it('stores songs in a volume unless a profile is chosen', () => {
    expect(services.filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name)).toEqual([
      'watch',
      's3',
      'https',
    ]);
    expect(project.services['rest-server']?.environment).toMatchObject({ STORAGE: 'folder', DATA_DIR: '/data' });
    for (const name of ['rest-server', 'worker-server', 'models']) {
      expect(project.services[name]?.volumes).toContain('data:/data');
    }
  });

  it('has settings that each app accepts', () => {
    const settings = (name: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(project.services[name]?.environment ?? {}).map(([key, value]) => [key, String(value)]),
      );
    expect(() => loadApiConfig(settings('rest-server'))).not.toThrow();
    expect(() => loadWorkerConfig(settings('worker-server'))).not.toThrow();
    expect(() => loadLogsConfig(settings('logs'))).not.toThrow();
    const known = configurationVariables().map(({ name }) => name);
    for (const name of ['rest-server', 'worker-server', 'logs']) {
      expect(known).toEqual(expect.arrayContaining(Object.keys(settings(name))));
    }
  });

  it('has text alone as settings, because podman-compose puts them into places where .env sets none', () => {
    const values = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
    expect(values.filter(([, value]) => typeof value === 'number')).toEqual([]);
  });

  it('has no secrets, and .env.example names only what is read, with the defaults', async () => {
    const defaults = new Map([...text.matchAll(INTERPOLATED)].map(([, name, value]) => [name, value ?? '']));
    const known = [...defaults.keys(), 'COMPOSE_PROFILES', ...configurationVariables().map(({ name }) => name)];
    const lines = [...(await read('.env.example')).matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm)];
    expect(lines.length).toBeGreaterThan(5);
    for (const [, name, value] of lines) {
      expect(known).toContain(name);
      if (name?.includes('KEY')) expect({ name, value }).toEqual({ name, value: '' });
    }
    for (const name of ['REGISTRY', 'VERSION', 'BIND', 'PORT', 'MODEL', 'HTTPS_HOST', 'HTTPS_BIND', 'HTTPS_PORT']) {
      expect(lines.find((line) => line[1] === name)?.[2]).toBe(defaults.get(name));
    }
  });
});
