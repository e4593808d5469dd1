import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDnsServer, type DnsServer } from '../../../test/support/servers/dns-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { addressesInHostsFile } from './hosts-file.js';
import { nameResolver } from './resolve.js';

describe(nameResolver.name, () => {
  let dns: DnsServer;
  const never = new AbortController().signal;

  beforeAll(async () => {
    dns = await startDnsServer();
  });
  afterAll(() => dns.close());

  it('asks the name server', async () => {
    dns.answer('hooks.test', '192.0.2.7');
    expect(await dns.resolve('hooks.test', never)).toEqual([{ address: '192.0.2.7', family: 4 }]);
    await expect(dns.resolve('nowhere.test', never)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('stops waiting for a silent name server when the signal aborts', async () => {
    dns.ignore('silent.test');
    const gone = new AbortController();
    const answer = expect(dns.resolve('silent.test', gone.signal)).rejects.toMatchObject({ code: 'ECANCELLED' });
    await waitUntil('the question', () => dns.questions.includes('silent.test'));
    gone.abort();
    await answer;
  });

  it('believes the hosts file of this machine first', async () => {
    const addresses = await dns.resolve('localhost', never);
    expect(addresses.map(({ address }) => address)).toContain('127.0.0.1');
    expect(dns.questions).not.toContain('localhost');
  });
});

describe(addressesInHostsFile.name, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('finds names in any column and case, of both families, and no comments', async () => {
    const file = join(folder, 'hosts');
    const lines = ['# 10.0.0.1 nas', '10.0.0.2\tNAS.home nas # box', 'fd00::2 nas', 'box nas', '10.0.0.3 nas2', ''];
    await writeFile(file, lines.join('\r\n'));
    expect(await addressesInHostsFile('Nas.', file)).toEqual([
      { address: '10.0.0.2', family: 4 },
      { address: 'fd00::2', family: 6 },
    ]);
    expect(await addressesInHostsFile('box', file)).toEqual([]);
    expect(await addressesInHostsFile('nas', join(folder, 'none'))).toEqual([]);
  });
});
