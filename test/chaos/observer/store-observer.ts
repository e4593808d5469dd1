import { createHash } from 'node:crypto';
import { parseManifest, parseStoredRequest, type Manifest, type StoredRequest } from '@app/separations';
import { ObjectNotFoundError, type ObjectStore } from '@app/storage';
import type { Ledger, Wanted } from '../clients/ledger.js';
import type { Violations } from '../violations.js';
import type { References } from './references.js';

/** beside what the manifest lists: the documents, the song, and what was made on demand */
const UNLISTED = [
  /^(request|manifest|analysis)\.json$/,
  /^input\.[a-z0-9]+$/,
  /^original\.flac$/,
  /^stems\/.+\.(mp3|wav)$/,
];
/** all that stays of a separation without a result */
const WITHOUT_RESULT = [/^request\.json$/, /^input\.[a-z0-9]+$/];

/** Reads the store itself, past the service, and compares it with what the clients were told. */
export class StoreObserver {
  /** ids of what is stored, by owner */
  readonly owners = new Map<string, Set<string>>();

  constructor(
    private readonly store: ObjectStore,
    private readonly ledger: Ledger,
    private readonly references: References,
    private readonly violations: Violations,
  ) {}

  async observe(): Promise<void> {
    const separations = await this.#list();
    for (const [id, keys] of separations) {
      try {
        await this.#look(id, keys);
      } catch (error) {
        this.violations.add('right', `${id} cannot be read: ${String(error)}`);
      }
    }
    for (const { id, wanted } of this.ledger.accounts.values()) {
      if (!separations.has(id) && !['deleted', 'anything'].includes(wanted)) {
        this.violations.add('right', `${id} is lost, and was to be ${wanted}`);
      }
    }
  }

  /** keys of each separation, without their prefix */
  async #list(): Promise<Map<string, Map<string, number>>> {
    const separations = new Map<string, Map<string, number>>();
    for await (const { key, bytes } of this.store.list('')) {
      const [, id, name] = /^separations\/(sep_[0-9a-f]{32})\/(.+)$/.exec(key) ?? [];
      if (id === undefined || name === undefined) {
        this.violations.add('layout', key);
        continue;
      }
      const keys = separations.get(id) ?? new Map<string, number>();
      separations.set(id, keys.set(name, bytes));
    }
    return separations;
  }

  async #look(id: string, keys: ReadonlyMap<string, number>): Promise<void> {
    const wanted = this.ledger.accounts.get(id)?.wanted;
    if (wanted === 'deleted' || !keys.has('request.json')) {
      this.violations.add('gone', `${id} (${wanted ?? 'nobody was told'}) has ${[...keys.keys()].join(', ')}`);
      return;
    }
    this.violations.expect(wanted !== undefined, 'layout', `nobody was told of ${id}`);
    const request = parseStoredRequest(await this.#text(id, 'request.json'));
    const owner = request.owner ?? '';
    this.owners.set(owner, (this.owners.get(owner) ?? new Set()).add(id));
    const state = stateOf(request, keys);
    this.violations.expect(fits(state, wanted), 'right', `${id} is ${state}, and was to be ${wanted ?? 'unknown'}`);
    await this.#checkInput(id, request);
    if (state === 'completed') await this.#checkResult(id, keys, parseManifest(await this.#text(id, 'manifest.json')));
    else this.#expectOnly(id, keys, WITHOUT_RESULT, 'gone');
  }

  async #checkInput(id: string, { inputExtension, inputSha256 }: StoredRequest): Promise<void> {
    const { sha256 } = await this.#digest(`separations/${id}/input.${inputExtension}`);
    this.violations.expect(sha256 === inputSha256, 'right', `the song of ${id} is stored with other bytes`);
  }

  async #checkResult(id: string, keys: ReadonlyMap<string, number>, manifest: Manifest): Promise<void> {
    const prefix = `separations/${id}/`;
    const { stems, artefacts, original, cover } = manifest;
    const listed = [...stems, ...artefacts, ...[original, cover].filter((file) => file !== undefined)];
    for (const file of listed) {
      const { sha256, bytes } = await this.#digest(file.key);
      const whole = sha256 === file.sha256 && bytes === file.bytes;
      this.violations.expect(whole, 'manifest', `${file.key}: ${bytes} bytes of ${file.bytes}, ${sha256}`);
    }
    const names = new Set(listed.map(({ key }) => key.slice(prefix.length)));
    const others = new Map([...keys].filter(([name]) => !names.has(name)));
    this.#expectOnly(id, others, UNLISTED, 'layout');
    for (const difference of await this.references.differences(manifest)) {
      this.violations.add('right', `${id}: ${difference}`);
    }
  }

  #expectOnly(
    id: string,
    keys: ReadonlyMap<string, number>,
    allowed: readonly RegExp[],
    rule: 'gone' | 'layout',
  ): void {
    const surplus = [...keys.keys()].filter((name) => !allowed.some((pattern) => pattern.test(name)));
    this.violations.expect(surplus.length === 0, rule, `${id} also has ${surplus.join(', ')}`);
  }

  async #text(id: string, name: string): Promise<string> {
    return (await this.store.getText(`separations/${id}/${name}`)) ?? '';
  }

  async #digest(key: string): Promise<{ sha256: string; bytes: number }> {
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of (await this.store.get(key)) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      return { sha256: 'not there', bytes: 0 };
    }
    return { sha256: hash.digest('hex'), bytes };
  }
}

function stateOf({ outcome }: StoredRequest, keys: ReadonlyMap<string, number>): string {
  if (outcome.state !== 'accepted') return outcome.state;
  return keys.has('manifest.json') ? 'completed' : 'open';
}

function fits(state: string, wanted: Wanted | undefined): boolean {
  return wanted === undefined || wanted === 'anything' || wanted.split(' or ').includes(state);
}
