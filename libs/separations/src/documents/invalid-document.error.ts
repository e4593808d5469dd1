/** A stored document breaks the contract. */
export class InvalidDocumentError extends Error {
  constructor(
    readonly document: string,
    readonly reason: string,
  ) {
    super(`${document}: ${reason}`);
  }
}
