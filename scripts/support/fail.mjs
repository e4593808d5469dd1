/** An error the user can fix: printed as one message, without a stack. */
export class PlainError extends Error {}

/** Runs a script's main function. A PlainError prints its message and sets exit code 1. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
