/** Shares work among concurrent callers. A caller never joins work that has begun: it may miss a change just before. */
export class FreshWork<K, V> {
  private readonly running = new Map<K, Promise<V>>();
  /** begins when the running one ends */
  private readonly next = new Map<K, Promise<V>>();

  /** Does work of one key one at a time. @throws what `work` throws */
  run(key: K, work: () => Promise<V>): Promise<V> {
    const running = this.running.get(key);
    const joined = this.next.get(key);
    if (joined !== undefined) return joined;
    if (running === undefined) return this.begin(key, work);
    const begin = (): Promise<V> => {
      this.next.delete(key);
      return this.begin(key, work);
    };
    const next = running.then(begin, begin);
    this.next.set(key, next);
    return next;
  }

  private begin(key: K, work: () => Promise<V>): Promise<V> {
    const running = work().finally(() => this.running.delete(key));
    this.running.set(key, running);
    return running;
  }
}
