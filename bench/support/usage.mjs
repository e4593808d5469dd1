// what processes use: CPU seconds from /proc, commands and bytes from Redis
import { readFile, readdir } from 'node:fs/promises';
import { Redis } from 'ioredis';

const TICKS = 100;

/** CPU seconds of a process, of its main thread, and of its children that have ended. */
export async function cpuOf(pid) {
  const [user, system, childUser, childSystem] = await timesIn(`/proc/${pid}/stat`);
  const [mainUser, mainSystem] = await timesIn(`/proc/${pid}/task/${pid}/stat`);
  return { own: user + system, main: mainUser + mainSystem, children: childUser + childSystem };
}

async function timesIn(path) {
  const stat = await readFile(path, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).map((ticks) => Number(ticks) / TICKS);
}

/** Ids of a process's children with a name that begins so, oldest first. */
export async function childrenOf(parent, prefix) {
  const found = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [, name, , ppid] = stat.match(/^\d+ \((.*)\) (\S) (\d+)/) ?? [];
    if (Number(ppid) === parent && name.startsWith(prefix)) found.push(Number(pid));
  }
  return found;
}

/** Counts what a Redis does. */
export class RedisUsage {
  #redis;

  constructor(url) {
    this.#redis = new Redis(url);
  }

  /** Commands, also those that scripts call, `requests` that it read, and bytes that it got. */
  async read() {
    const stats = await this.#redis.info('stats');
    const commands = await this.#redis.info('commandstats');
    const fieldOf = (name) => Number(stats.match(new RegExp(`^${name}:(\\d+)`, 'm'))[1]);
    const calls = [...commands.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].filter(([, name]) => name !== 'info');
    return {
      commands: calls.reduce((sum, [, , count]) => sum + Number(count), 0),
      requests: fieldOf('total_reads_processed'),
      bytesIn: fieldOf('total_net_input_bytes'),
    };
  }

  close() {
    this.#redis.disconnect();
  }
}
