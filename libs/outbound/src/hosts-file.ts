import type { LookupAddress } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

const HOSTS_FILE = '/etc/hosts';

/** What the hosts file of this machine says of a name, in its order; nothing if there is no such file. */
export async function addressesInHostsFile(host: string, file = HOSTS_FILE): Promise<LookupAddress[]> {
  const name = host.replace(/\.$/, '').toLowerCase();
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    return family !== 0 && names.some((one) => one.toLowerCase() === name) ? [{ address, family }] : [];
  });
}
