// Jest's Node environment, with two rules: a spec file that leaves a socket, a process or a file open fails with its
// kind, and TEST_PATIENCE lengthens the time limits of tests and hooks
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

// sockets and processes take a moment to close, and BullMQ waits 5 s after a connection error
const CLOSING_MS = 6000;
const EVERY_MS = 20;
const PATIENCE = Number(process.env.TEST_PATIENCE);
const { run, enterWith } = AsyncLocalStorage.prototype;
const originals = { run, enterWith };

export default class SpecEnvironment extends TestEnvironment {
  #before = [];
  #lengthened = new WeakSet();
  #timers = new Set();
  #storages = new Set();

  constructor(...args) {
    // an ordinary global object: each use of `Math` through Jest's proxy takes 1 µs, and a second has 88,200 samples
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...args);
    } finally {
      vm.createContext = createContext;
    }
  }

  async setup() {
    await super.setup();
    // opened on first use; not a leak of the spec that logs first
    [process.stdout, process.stderr].forEach(({ fd }) => fd);
    this.#rememberTimers();
    this.#rememberStorages();
    this.#before = process.getActiveResourcesInfo();
  }

  handleTestEvent({ name, test, hook }) {
    const limited = { test_start: test, hook_start: hook }[name];
    if (!limited?.timeout || this.#lengthened.has(limited)) return;
    limited.timeout *= PATIENCE;
    this.#lengthened.add(limited);
  }

  async teardown() {
    const deadline = Date.now() + CLOSING_MS * PATIENCE;
    let leaked = this.#leaked();
    while (leaked.length > 0 && Date.now() < deadline) {
      await pause(EVERY_MS);
      leaked = this.#leaked();
    }
    // ioredis and BullMQ keep timers of up to 11 s for connections that were down: Jest's worker ends without them
    for (const timer of this.#timers) timer.unref();
    this.#disableStorages();
    await super.teardown();
    if (leaked.length === 0) return;
    throw new Error(`Left open: ${leaked.join(', ')}. Run this file with --detectOpenHandles to see where.`);
  }

  #rememberTimers() {
    for (const name of ['setTimeout', 'setInterval']) {
      const start = this.global[name];
      const remembered = (...args) => {
        const timer = start(...args);
        this.#timers.add(timer);
        return timer;
      };
      // for `promisify`
      this.global[name] = Object.assign(remembered, start);
    }
  }

  #rememberStorages() {
    for (const name of ['run', 'enterWith']) {
      const use = originals[name];
      const storages = this.#storages;
      AsyncLocalStorage.prototype[name] = function (...args) {
        storages.add(this);
        return use.apply(this, args);
      };
    }
  }

  /** One that was used slows down every promise of the process until it is disabled (Node 20). */
  #disableStorages() {
    Object.assign(AsyncLocalStorage.prototype, originals);
    for (const storage of this.#storages) storage.disable();
  }

  /** what keeps this process alive and did not before */
  #leaked() {
    const before = [...this.#before];
    return process.getActiveResourcesInfo().filter((kind) => {
      // see teardown
      if (kind === 'Timeout') return false;
      const index = before.indexOf(kind);
      if (index >= 0) before.splice(index, 1);
      return index < 0;
    });
  }
}
