/** What a person can do something about: printed as one sentence, without a stack. */
export class PlainError extends Error {}

/** Runs a script's main function; a PlainError ends it with its sentence and exit code 1. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
