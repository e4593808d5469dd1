interface Question<K, V> {
  readonly keys: Set<K>;
  readonly answers: Promise<ReadonlyMap<K, V>>;
}

/** Collects the keys of all calls of one turn of the event loop, and asks for them together. */
export class Batch<K, V> {
  private next: Question<K, V> | undefined;

  /** @param most keys per question */
  constructor(
    private readonly ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
    private readonly most = 100,
  ) {}

  /** undefined if the answer does not have the key. @throws what `ask` throws */
  async get(key: K): Promise<V | undefined> {
    const question = this.next ?? this.open();
    question.keys.add(key);
    if (question.keys.size >= this.most) this.next = undefined;
    return (await question.answers).get(key);
  }

  private open(): Question<K, V> {
    const keys = new Set<K>();
    const answers = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (this.next === question) this.next = undefined;
      return this.ask([...keys]);
    });
    const question = { keys, answers };
    this.next = question;
    return question;
  }
}
