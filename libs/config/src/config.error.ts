/** A variable of the environment has a value that cannot be used: ends the start, names the variable, hides its value. */
export class ConfigError extends Error {
  constructor(
    readonly variable: string,
    reason: string,
  ) {
    super(`${variable} ${reason}`);
  }
}
