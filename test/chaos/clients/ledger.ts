import type { Writable } from 'node:stream';
import { isTerminal, type Separation, type SeparationStatus } from '@app/separations';
import type { Violations } from '../violations.js';

/** What must become of a separation, by what the service answered. */
export type Wanted = 'completed' | 'cancelled' | 'completed or cancelled' | 'deleted' | 'anything';

type Shown = Pick<Separation, 'id' | 'status' | 'error'>;

interface Account {
  readonly id: string;
  readonly owner: string;
  wanted: Wanted;
  /** the end that was told of the run that counts */
  told: SeparationStatus | undefined;
  toldAt: number;
}

/** What the clients were told. Nothing of it may turn out false. */
export class Ledger {
  readonly accounts = new Map<string, Account>();
  /** calls by their answer, such as `upload 202` or `cancel 409 already_finished` */
  readonly answers = new Map<string, number>();

  constructor(
    readonly violations: Violations,
    private readonly journal: Writable,
  ) {}

  /** @param from the address that was asked */
  answered(call: string, answer: string, from: string): void {
    this.note(`${call} ${answer} ${from}`);
    const name = `${call} ${answer}`;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
  }

  note(text: string): void {
    this.journal.write(`${new Date().toISOString()} ${text}\n`);
  }

  /** An upload was accepted, for the first time or again. */
  accepted(id: string, owner: string): void {
    const known = this.accounts.get(id);
    if (known?.wanted === 'completed') return;
    this.accounts.set(id, { id, owner, wanted: 'completed', told: undefined, toldAt: 0 });
  }

  want(id: string, wanted: Wanted): void {
    const account = this.accounts.get(id);
    if (account !== undefined) account.wanted = wanted;
  }

  /**
   * A state that the service showed of the run that counts, whichever server. @param askedAt when the call for it began
   */
  saw({ id, status, error }: Shown, askedAt: number): void {
    this.note(`${id} is ${status}`);
    const account = this.accounts.get(id);
    if (account === undefined || (askedAt <= account.toldAt && !isTerminal(status))) return;
    const { told } = account;
    this.violations.expect(told === undefined || told === status, 'final', `${id} was ${told}, then ${status}`);
    if (status === 'failed') this.violations.add('right', `${id} failed: ${error?.code}: ${error?.message}`);
    if (!isTerminal(status)) return;
    account.told = status;
    account.toldAt = Date.now();
  }
}
