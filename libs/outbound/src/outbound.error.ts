/**
 * Why there is no answer: the port or the address is not allowed, its name is unknown, nobody accepts the connection, TLS fails,
 * the other side closes before it answers, or time is up.
 */
export type OutboundFault =
  'port_refused' | 'address_refused' | 'name_not_found' | 'not_connected' | 'tls_failed' | 'closed_early' | 'timed_out';

/** A request to a user's address got no answer. The message may be shown to the user. */
export class OutboundError extends Error {
  constructor(
    readonly fault: OutboundFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
