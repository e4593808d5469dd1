/** A cursor that no page of the index returned. */
export class InvalidCursorError extends Error {
  readonly code = 'invalid_cursor';

  constructor() {
    super('the cursor does not belong to this list');
  }
}
