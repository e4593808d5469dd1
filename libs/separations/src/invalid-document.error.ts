/** A stored document (request or manifest) is not what the contract says. */
export class InvalidDocumentError extends Error {
  constructor(
    readonly document: string,
    readonly reason: string,
  ) {
    super(`${document}: ${reason}`);
  }
}
