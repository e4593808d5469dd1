/** An error the user can fix: printed as one message, without a stack. */
export class PlainError extends Error {}

/**
 * Runs a script's main function. A PlainError, or an error of the operating system, prints its message and sets exit
 * code 1.
 */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    const message = error instanceof PlainError ? error.message : ofSystem(error);
    if (message === undefined) throw error;
    console.error(`\n${message}`);
    process.exitCode = 1;
  }
}

/** One sentence for a file that cannot be read or written; undefined for other errors. */
function ofSystem(error) {
  if (error?.syscall === undefined || error.path === undefined) return undefined;
  return `Cannot go on: ${error.message}. Check the permissions and the space there, or set DATA_DIR to another folder.`;
}
