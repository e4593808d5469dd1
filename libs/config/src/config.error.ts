/** Names every environment variable that has an unusable value, one sentence a line. Ends the start. */
export class ConfigError extends Error {
  constructor(sentences: readonly string[]) {
    super(sentences.join('\n'));
  }
}
