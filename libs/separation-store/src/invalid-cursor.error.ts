/** A cursor that no page of the index gave out. */
export class InvalidCursorError extends Error {
  readonly code = 'invalid_cursor';

  constructor() {
    super('the cursor is not one of this list');
  }
}
