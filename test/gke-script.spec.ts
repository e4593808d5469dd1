import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const execute = promisify(execFile);

/** what the page sets first */
const PROJECT = 'my-project';

async function dryRun(step: string): Promise<string[]> {
  const env = { PATH: process.env['PATH'], PROJECT };
  const { stdout } = await execute('scripts/gke.sh', [step, '--dry-run'], { env });
  return stdout.trim().split('\n');
}

/** The commands of the page below a heading, with its variables filled in. */
function commandsBelow(page: string, heading: string, variables: ReadonlyMap<string, string>): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => {
    const lines = block.replace(/\s*\\\n\s*/g, ' ').split('\n');
    return lines
      .map((line) =>
        line.replace(/ +#.*$/, '').replace(/\$(\w+)/g, (_, name: string) => variables.get(name) ?? `$${name}`),
      )
      .filter((line) => /^(gcloud|docker|helm|kubectl) /.test(line));
  });
}

function variablesOf(page: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [, name = '', value = ''] of page.matchAll(/^([A-Z]+)=([\w./$-]+)$/gm)) {
    variables.set(
      name,
      value.replace(/\$([A-Z]+)/g, (_, other: string) => variables.get(other) ?? ''),
    );
  }
  return variables;
}

describe('scripts/gke.sh', () => {
  let page: string;
  let variables: Map<string, string>;

  beforeAll(async () => {
    page = await readFile('docs/gke.md', 'utf8');
    variables = variablesOf(page);
  });

  it.each([
    ['images', '1. Images'],
    ['cluster', '2. Cluster'],
    ['remove', 'Remove it'],
  ])('runs for %s the commands below the heading "%s"', async (step, heading) => {
    const commands = commandsBelow(page, heading, variables);
    expect(commands.length).toBeGreaterThan(2);
    expect(await dryRun(step)).toEqual(commands);
  });

  it('installs the service as the page does, and leaves the stores of production to its reader', async () => {
    const commands = commandsBelow(page, '3. The service', variables);
    const own = commands.filter((command) => !/^gcloud (storage|iam) /.test(command));
    expect(await dryRun('service')).toEqual(own);
  });

  it('does all of it at once, after the first commands of the page', async () => {
    const [intro = ''] = page.split(/^## /m);
    const before = commandsBelow(`## GKE${intro}`, 'GKE', variables);
    expect(before).toHaveLength(2);
    const steps = await Promise.all(['images', 'cluster', 'service'].map((step) => dryRun(step)));
    expect(await dryRun('create')).toEqual([...before, ...steps.flat()]);
  });

  describe('remove', () => {
    let bin: string;
    let log: string;

    /** Runs the step with programs that write down their calls, and fail as told. */
    async function removeWith(failing: string): Promise<string[]> {
      const program = `#!/bin/sh
echo "$CLOUDSDK_CORE_PROJECT: \${0##*/} $*" >> ${log}
case "\${0##*/} $*" in ${failing}) exit 1 ;; esac
`;
      const programs = ['gcloud', 'helm', 'kubectl'].map((name) => join(bin, name));
      await Promise.all(programs.map((path) => writeFile(path, program, { mode: 0o755 })));
      await rm(log, { force: true });
      const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, PROJECT };
      await execute('scripts/gke.sh', ['remove'], { env });
      return (await readFile(log, 'utf8')).trim().split('\n');
    }

    beforeAll(async () => {
      bin = await mkdtemp(join(tmpdir(), 'gke-'));
      log = join(bin, 'calls');
    });

    afterAll(() => rm(bin, { recursive: true }));

    it('deletes the cluster of the project, also if Helm and kubectl fail', async () => {
      const commands = commandsBelow(page, 'Remove it', variables);
      const calls = await removeWith('helm*|kubectl*');
      expect(calls).toEqual(commands.map((command) => `${PROJECT}: ${command}`));
    });

    it('touches no other cluster if this one cannot be reached', async () => {
      const calls = await removeWith('*get-credentials*');
      expect(calls.filter((call) => /: (helm|kubectl) /.test(call))).toEqual([]);
      expect(calls.join('\n')).toContain('gcloud container clusters delete music');
    });
  });

  it('needs a project, and knows its steps', async () => {
    const env = { PATH: process.env['PATH'] };
    await expect(execute('scripts/gke.sh', ['create', '--dry-run'], { env })).rejects.toThrow('Set PROJECT');
    await expect(dryRun('destroy')).rejects.toThrow('usage: PROJECT=my-project scripts/gke.sh create|images');
  });
});
